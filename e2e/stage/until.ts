import { setTimeout as delay } from "node:timers/promises";

const lookEveryMs = 25;
const defaultTimeoutMs = 30_000;

/**
 * Waits for something that sends no signal, by looking at it again and again.
 *
 * @param what - what is waited for, for the message
 * @param find - answers with what was found, or with a falsy value as long as it is not there
 * @param options - `timeoutMs`: how long to wait; default: 30,000
 * @returns what was found
 * @throws Error that names what did not come
 */
export async function until<T>(
  what: string,
  find: () => T | Promise<T>,
  options: { readonly timeoutMs?: number } = {},
): Promise<NonNullable<T>> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await find();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`Within ${timeoutMs} ms it did not come to this: ${what}.`);
    await delay(lookEveryMs);
  }
}
