// What the engine tells other servers, and hears of them.

/**
 * What a server has to look for in an environment. `queued`: runs that can be claimed. `freed`: slots that came free and waits
 * that ended, so that runs can be claimed and others go on. `ordered`: something that its hosts have to be told. `bulk_action`: a
 * bulk action was made. `env_vars`: variables have changed.
 */
export type Notice = "queued" | "freed" | "ordered" | "bulk_action" | "env_vars";

/** Tells other servers over the same store what there is for them in an environment. */
export interface Notifier {
  /** Coalesced; never rejects. */
  notify(environmentId: string, notice: Notice): void;
}
