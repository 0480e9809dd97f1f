import type { Environment } from "./ports.ts";

// What the server needs of the store to know who calls.

/** An environment with its key. */
export interface OpenedEnvironment extends Environment {
  readonly secretKey: string;
}

/** A project with the environments that its caller may open. */
export interface OpenedProject {
  readonly id: string;
  readonly ref: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly environments: readonly OpenedEnvironment[];
}

/** Environments and their keys. */
export interface EnvironmentStore {
  /** Null when no such key is valid. */
  findByKey(key: string): Promise<Environment | null>;
  /** An environment with its valid keys, which sign tokens; null when there is none. */
  withKeys(
    environmentId: string,
  ): Promise<{ readonly environment: Environment; readonly keys: readonly string[] } | null>;
  /** The environment of a token, for callers that show no key; null when there is no such token. */
  ofToken(waitpointId: string): Promise<string | null>;
  /**
   * A project by its ref, with its environments, or the one of them that is asked for; null when there is none. While there is one
   * project, every ref names it.
   */
  openProject(ref: string, environmentId: string | null): Promise<OpenedProject | null>;
}
