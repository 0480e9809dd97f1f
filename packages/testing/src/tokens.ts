import type { Packet } from "@pawl/contract/packet";
import type { MemoryEngine } from "./memory-engine.ts";
import { Refusal } from "./refusal.ts";
import { Waitpoint } from "./waitpoint.ts";

/** A token of a test. */
export interface MemoryToken {
  readonly id: string;
  readonly tags: readonly string[];
  readonly createdAt: Date;
  readonly timeoutAt: Date | null;
  readonly waitpoint: Waitpoint;
}

/** The tokens of a test. */
export class Tokens {
  readonly #engine: MemoryEngine;
  readonly #tokens = new Map<string, MemoryToken>();
  readonly #apiUrl: string;

  constructor(engine: MemoryEngine, apiUrl: string) {
    this.#engine = engine;
    this.#apiUrl = apiUrl;
  }

  get all(): readonly MemoryToken[] {
    return [...this.#tokens.values()];
  }

  /** Makes a token. */
  make({ tags, timeoutMs }: { readonly tags: readonly string[]; readonly timeoutMs?: number }): MemoryToken {
    const id = `waitpoint_token${this.#tokens.size + 1}`;
    const waitpoint = new Waitpoint(id, `the token ${id}`);
    const { clock, waitpoints } = this.#engine;
    const timeoutAt = timeoutMs === undefined ? null : new Date(timeoutMs);
    const token = { id, tags, createdAt: new Date(clock.nowMs()), timeoutAt, waitpoint };
    this.#tokens.set(id, token);
    waitpoints.set(id, waitpoint);
    if (timeoutMs !== undefined) {
      const forget = clock.at(timeoutMs, "timeout", () => waitpoint.end({ kind: "token", isTimeout: true }));
      waitpoint.whenOver(forget);
    }
    return token;
  }

  /** @throws Refusal when there is none with the id */
  get(id: string): MemoryToken {
    const token = this.#tokens.get(id);
    if (token === undefined) throw new Refusal("not_found", `This test has no token ${id}.`);
    return token;
  }

  /** Where a POST completes it. */
  urlOf(token: MemoryToken): string {
    return `${this.#apiUrl}/api/v1/waitpoints/tokens/${token.id}/callback/test`;
  }

  /** Completes a token; one that is over stays as it is. */
  complete(id: string, { text, type }: Packet): void {
    const output = text === undefined ? {} : { output: text };
    this.get(id).waitpoint.end({ kind: "token", isTimeout: false, outputType: type, ...output });
  }
}
