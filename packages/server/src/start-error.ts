/**
 * Why a server can't start, in one sentence that also says what to do. Whoever started it shows the message and no stack.
 */
export class StartError extends Error {
  override readonly name = "StartError";
}
