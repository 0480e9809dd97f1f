import type { HostMessage, ServerMessage } from "@pawl/contract/worker-protocol";
import type { Environment } from "./ports.ts";

/** The engine's end of a worker host's connection, given by the gateway; ids in messages are UUIDs. */
export interface HostLink {
  readonly environment: Environment;
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
