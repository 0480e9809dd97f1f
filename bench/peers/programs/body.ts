import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { BodySettings } from "../protocol.ts";
import type { Body } from "./adapter.ts";
import { startChildren } from "./children.ts";

/** The handlers of a worker, and what they have noted. */
export interface WatchedBody extends Body {
  readonly gate: { close(): void; open(): void };
  /** The no-op jobs that have ended since the gate was closed last. */
  handled(): number;
  readonly startedAtNs: ReadonlyMap<number, string>;
  readonly waitsMs: readonly number[];
  /** Waits until something holds, looked at after each job; or until the time is over. */
  until(holds: () => boolean, timeoutMs: number): Promise<void>;
}

const holdMs = 600_000;

/**
 * Makes the handlers.
 *
 * @param settings - where no-op jobs execute, and the file of held jobs
 * @returns the handlers
 */
export function makeBody({ children, holdPath }: BodySettings): WatchedBody {
  const pool = children === 0 ? null : startChildren(children);
  const startedAtNs = new Map<number, string>();
  const waitsMs: number[] = [];
  const watchers = new Set<() => void>();
  let handled = 0;
  let gate: PromiseWithResolvers<void> | null = null;
  const look = () => {
    for (const watcher of watchers) watcher();
  };
  return {
    startedAtNs,
    waitsMs,
    handled: () => handled,
    gate: {
      close() {
        handled = 0;
        startedAtNs.clear();
        gate = Promise.withResolvers();
      },
      open() {
        gate?.resolve();
        gate = null;
      },
    },
    async noop(n) {
      if (gate !== null) await gate.promise;
      startedAtNs.set(n, pool === null ? process.hrtime.bigint().toString() : await pool.execute());
      handled += 1;
      if (watchers.size > 0) look();
    },
    async hold(n) {
      appendFileSync(holdPath, `start ${n}\n`);
      if (!existsSync(`${holdPath}.released`)) await delay(holdMs);
      appendFileSync(holdPath, `end ${n}\n`);
    },
    waited(ms) {
      waitsMs.push(ms);
      look();
    },
    until: (holds, timeoutMs) =>
      new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          watchers.delete(watcher);
          resolve();
        };
        const watcher = () => {
          if (holds()) end();
        };
        const timer = setTimeout(end, timeoutMs);
        watchers.add(watcher);
        watcher();
      }),
  };
}
