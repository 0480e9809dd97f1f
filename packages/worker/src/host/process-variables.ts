import type { HostEnvVars } from "@pawl/contract/worker-protocol";

type Variables = HostEnvVars["variables"];

/** What the variables of an environment are kept up to date with. */
export interface ProcessVariablesSettings {
  /** Fetches them; null: they can't be had at the moment. */
  readonly fetch: () => Promise<HostEnvVars | null>;
  /** They are others than before: processes are to be prepared with them. */
  readonly onChanged: (variables: Variables) => void;
}

/**
 * The variables of the environment, as the server keeps them for run processes. A run is claimed with the number of changes that
 * there had been: where that is higher than of those at hand, they are fetched before it executes. Values appear in no message.
 */
export class ProcessVariables {
  readonly #settings: ProcessVariablesSettings;
  #version = 0;
  #text = "{}";
  #isAsked = false;
  #fetching: Promise<void> | null = null;

  constructor(settings: ProcessVariablesSettings) {
    this.#settings = settings;
  }

  /** Whether a run that was claimed with this many changes needs newer ones. */
  isBehind(version: number): boolean {
    return version > this.#version;
  }

  /** Fetches them until they are as new as that; answers false when they can't be had. */
  async reach(version: number): Promise<boolean> {
    if (this.isBehind(version)) await this.refresh();
    return !this.isBehind(version);
  }

  /** Fetches them. What was asked for while a fetch was under way is fetched again, since that may have come too early. */
  refresh(): Promise<void> {
    this.#isAsked = true;
    this.#fetching ??= this.#fetchWhileAsked().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetchWhileAsked(): Promise<void> {
    while (this.#isAsked) {
      this.#isAsked = false;
      const found = await this.#settings.fetch();
      if (found === null || found.version < this.#version) continue;
      this.#version = found.version;
      const text = JSON.stringify(found.variables);
      if (text === this.#text) continue;
      this.#text = text;
      this.#settings.onChanged(found.variables);
    }
  }
}
