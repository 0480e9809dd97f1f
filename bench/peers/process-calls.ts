import type { Child } from "../system/child.ts";
import type { Reply } from "./protocol.ts";

/** Asks a forked process and waits for its answers. */
export type Ask<Calls extends Record<keyof Calls, { request: unknown; answer: unknown }>> = <Kind extends keyof Calls>(
  kind: Kind,
  request: Calls[Kind]["request"],
) => Promise<Calls[Kind]["answer"]>;

/**
 * Makes the calls of a forked process.
 *
 * @param child - the process
 * @returns the calls; one rejects with the stack of the process when it fails, or when the process ends
 */
export function callsOf<Calls extends Record<keyof Calls, { request: unknown; answer: unknown }>>(
  child: Child,
): Ask<Calls> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  child.process.on("message", (message) => {
    const reply = message as Reply; // both ends share protocol.ts
    const caller = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ("error" in reply) caller?.reject(new Error(reply.error));
    else caller?.resolve(reply.answer);
  });
  child.process.once("exit", () => {
    for (const caller of waiting.values()) caller.reject(new Error("The process was stopped."));
  });
  let lastId = 0;
  return <Kind extends keyof Calls>(kind: Kind, request: Calls[Kind]["request"]) => {
    const id = ++lastId;
    const caller = Promise.withResolvers<unknown>();
    waiting.set(id, caller);
    child.process.send({ id, kind, request });
    // The answer to a request has the type that Calls pairs with it.
    return Promise.race([caller.promise, child.breakdown]) as Promise<Calls[Kind]["answer"]>;
  };
}
