import type { HostMessage, ServerMessage } from "@pawl/contract/worker-protocol";
import type { Environment } from "./ports.ts";

/**
 * The engine's end of a worker host's connection, given by the gateway. Ids in messages are UUIDs, those in the values of
 * answers (`runId`, `batchId`, `waitpointId`) and in the results of waits too.
 */
export interface HostLink {
  readonly environment: Environment;
  /** How a token is completed from outside: for the answer to the call that makes it. */
  tokenAccess(waitpointId: string): { readonly url: string; readonly publicAccessToken: string };
  /**
   * Whether the host asks for each run by itself and has no connection that could break. It says nothing of what it holds: what
   * the store says stands, also after a restart. It starts runs by a report after they were claimed. Its lease ends by silence
   * alone.
   */
  readonly isPolled?: boolean;
  /** Whether messages can still be sent. */
  readonly isOpen: boolean;
  send(message: ServerMessage): void;
  close(): void;
}

/** The gateway's end: what it tells the engine of one connection. */
export interface HostSession {
  /** A message that was parsed and whose ids were turned into UUIDs. */
  receive(message: HostMessage): void;
  /** Any sign of life that is no message, such as a pong. */
  alive(): void;
  closed(): void;
}
