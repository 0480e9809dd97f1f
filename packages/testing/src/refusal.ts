/** A call that can't be answered as it was meant. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: "not_found" | "unprocessable";

  constructor(code: Refusal["code"], message: string) {
    super(message);
    this.code = code;
  }
}
