import type { Message, Reply } from "../protocol.ts";

/** One answer for each kind of request. */
type Answers<Calls extends Record<keyof Calls, { request: unknown; answer: unknown }>> = {
  readonly [Kind in keyof Calls]: (request: Calls[Kind]["request"]) => Promise<Calls[Kind]["answer"]>;
};

/**
 * Answers the requests of the process that forked this one, and ends with it.
 *
 * @param answers - for each kind
 */
export function serve<Calls extends Record<keyof Calls, { request: unknown; answer: unknown }>>(
  answers: Answers<Calls>,
): void {
  process.on("message", (message: Message<Calls>) => {
    const { id, kind, request } = message;
    void answers[kind](request).then(
      (answer) => reply({ id, answer }),
      (error: unknown) => reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.once("disconnect", () => process.exit(0));
}

function reply(message: Reply): void {
  process.send?.(message);
}
