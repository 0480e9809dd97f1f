/** An environment variable, decrypted. */
export interface EnvVar {
  readonly name: string;
  readonly value: string;
  /** Whether its value is shown to nobody but the processes of runs. */
  readonly isSecret: boolean;
}

/** Environment variables of environments, encrypted where they are kept. */
export interface EnvVarStore {
  /** In the order of their names. */
  list(environmentId: string): Promise<readonly EnvVar[]>;
  /** All of them as they are for processes, and how often any was changed. */
  forProcesses(environmentId: string): Promise<{ readonly version: number; readonly variables: readonly EnvVar[] }>;
  retrieve(environmentId: string, name: string): Promise<EnvVar | null>;
  /**
   * Sets variables. `isSecret` null: as it was, and not secret for one that is new. Without `replace`, those that exist stay.
   */
  set(
    environmentId: string,
    variables: readonly { readonly name: string; readonly value: string }[],
    options: { readonly isSecret: boolean | null; readonly replace: boolean },
  ): Promise<void>;
  /** Answers false when there is no such variable. */
  update(environmentId: string, name: string, value: string): Promise<boolean>;
  /** Answers false when there is no such variable. */
  remove(environmentId: string, name: string): Promise<boolean>;
}
