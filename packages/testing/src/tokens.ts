import { parseDuration } from "@pawl/contract/duration";
import { type Packet, writePacket } from "@pawl/contract/packet";
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

/** What makes a token, as it comes over the wire. */
interface TokenOrder {
  readonly tags?: string | readonly string[] | undefined;
  /** `10m`, an ISO date, or milliseconds since 1970. */
  readonly timeout?: string | number | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly idempotencyKeyTTL?: string | undefined;
  /** What it is, for people; default: a token. */
  readonly about?: string;
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

  /** Makes a token, or finds the one that its idempotency key has made. */
  make(order: TokenOrder): { readonly token: MemoryToken; readonly isCached: boolean } {
    const { tags, timeout, idempotencyKey: key, idempotencyKeyTTL: ttl } = order;
    const { clock, waitpoints, waitKeys } = this.#engine;
    const found = key === undefined ? undefined : this.#tokens.get(waitKeys.find(key)?.id ?? "");
    if (found !== undefined) return { token: found, isCached: true };
    const id = `waitpoint_token${this.#tokens.size + 1}`;
    const waitpoint = new Waitpoint(id, order.about ?? `the token ${id}`);
    const timeoutAt = timeout === undefined ? null : timeOf(timeout, clock.nowMs());
    const token = { id, tags: [tags ?? []].flat(), createdAt: new Date(clock.nowMs()), timeoutAt, waitpoint };
    this.#tokens.set(id, token);
    waitpoints.set(id, waitpoint);
    if (key !== undefined) waitKeys.keep(key, waitpoint, ttl);
    if (timeoutAt !== null) {
      const end = () => waitpoint.end({ kind: "token", isTimeout: true });
      waitpoint.whenOver(clock.at(timeoutAt.getTime(), "timeout", end));
    }
    return { token, isCached: false };
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

  /** Completes a token with a value. */
  completeWith(id: string, output: unknown): void {
    this.complete(id, writePacket(output));
  }

  /** A token as the API shows it. */
  view(token: MemoryToken): Readonly<Record<string, unknown>> {
    const { id, tags, createdAt, timeoutAt, waitpoint } = token;
    const result = waitpoint.result?.kind === "token" ? waitpoint.result : null;
    const ended = result?.isTimeout === true ? "TIMED_OUT" : "COMPLETED";
    return {
      id,
      url: this.urlOf(token),
      status: result === null ? "WAITING" : ended,
      createdAt,
      tags,
      ...(timeoutAt === null ? {} : { timeoutAt }),
      ...(result?.output === undefined ? {} : { output: result.output, outputType: result.outputType }),
    };
  }
}

function timeOf(timeout: string | number, nowMs: number): Date {
  const lengthMs = typeof timeout === "string" ? parseDuration(timeout) : null;
  return new Date(lengthMs === null ? timeout : nowMs + lengthMs);
}
