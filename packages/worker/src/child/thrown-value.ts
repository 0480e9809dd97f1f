import { inspect } from "node:util";
import type { RunError } from "@pawl/contract/errors";

const maxLength = 32_000;
const maxCauses = 5;

function shorten(text: string, longest = maxLength): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}… (${text.length - longest} more characters)`;
}

/**
 * Turns whatever code threw into the error that is stored with its run.
 *
 * @param thrown - the thrown value
 * @returns `BUILT_IN_ERROR` with its causes for an `Error` (and the errors that an `AggregateError` gathers), `STRING_ERROR` for a string, `CUSTOM_ERROR` as JSON for the rest
 * @example
 * ```ts
 * runErrorOf("no"); // { type: "STRING_ERROR", raw: "no" }
 * ```
 */
export function runErrorOf(thrown: unknown): RunError {
  if (typeof thrown === "string") return { type: "STRING_ERROR", raw: shorten(thrown) };
  try {
    return isErrorLike(thrown) ? builtInError(thrown) : { type: "CUSTOM_ERROR", raw: shorten(asJson(thrown)) };
  } catch (reason) {
    return unreadable(reason); // a Proxy, or an error whose getters throw
  }
}

function builtInError(error: Error): RunError {
  const causes = causesOf(error);
  return {
    type: "BUILT_IN_ERROR",
    name: nameOf(error),
    message: shorten(messageOf(error)),
    stackTrace: shorten(stackOf(error)),
    ...(causes.length === 0 ? {} : { causes }),
  };
}

function unreadable(reason: unknown): RunError {
  const why = reason instanceof Error ? reason.message : typeof reason;
  return { type: "CUSTOM_ERROR", raw: JSON.stringify(`What was thrown throws itself when it is read: ${why}`) };
}

/** What an uncaught error says, in one line, with its stack. */
export function describeThrown(thrown: unknown): { readonly message: string; readonly stack: string } {
  const error = runErrorOf(thrown);
  if (error.type === "BUILT_IN_ERROR") return { message: `${error.name}: ${error.message}`, stack: error.stackTrace };
  return { message: error.type === "INTERNAL_ERROR" ? error.code : error.raw, stack: "" };
}

// Errors from another realm (node:vm) are no `instanceof Error` here.
function isErrorLike(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

function nameOf(error: Error): string {
  return typeof error.name === "string" ? error.name : "Error";
}

function messageOf(error: Error): string {
  return typeof error.message === "string" ? error.message : String(error.message);
}

function stackOf(error: Error): string {
  return typeof error.stack === "string" ? error.stack : `${nameOf(error)}: ${messageOf(error)}`;
}

interface Cause {
  readonly name: string;
  readonly message: string;
  readonly stackTrace?: string;
}

/** What led to an error: the chain of its causes, and before them the errors that an `AggregateError` gathers. */
function causesOf(error: Error): Cause[] {
  const causes = gathered(error).slice(0, maxCauses).map(causeOf);
  let cause: unknown = error.cause;
  while (cause !== undefined && cause !== null && causes.length < maxCauses) {
    causes.push(causeOf(cause));
    cause = isErrorLike(cause) ? cause.cause : undefined;
  }
  return causes;
}

function gathered(error: Error): readonly unknown[] {
  return "errors" in error && Array.isArray(error.errors) ? error.errors : [];
}

function causeOf(cause: unknown): Cause {
  if (!isErrorLike(cause)) {
    return { name: "cause", message: shorten(typeof cause === "string" ? cause : asJson(cause)) };
  }
  return { name: nameOf(cause), message: shorten(messageOf(cause)), stackTrace: shorten(stackOf(cause)) };
}

/** JSON that always can be written: circular references, big integers, functions, errors, maps and sets become readable. */
export function asJson(value: unknown, longest = maxLength): string {
  // The objects around the member that is being written: as they were, and as they are written.
  const around: { readonly original: object; readonly written: object }[] = [];
  try {
    const text = JSON.stringify(value, function (this: unknown, _key, member: unknown) {
      if (typeof member === "bigint") return `${member}n`;
      if (typeof member === "function" || typeof member === "symbol") return String(member);
      if (typeof member !== "object" || member === null) return member;
      while (around.length > 0 && around.at(-1)?.written !== this) around.pop();
      if (around.some(({ original }) => original === member)) return "[Circular]";
      const written = writable(member);
      around.push({ original: member, written });
      return written;
    });
    return shorten(text ?? String(value), longest);
  } catch {
    return JSON.stringify(inspected(value)); // a getter or a toJSON threw
  }
}

function inspected(value: unknown): string {
  try {
    return inspect(value, { depth: 3 });
  } catch {
    return "a value that throws when it is read";
  }
}

/** What of an object JSON would leave out: an error's message, stack and cause, the entries of maps and sets. */
function writable(value: object): object {
  if (value instanceof Map || value instanceof Set) return [...value];
  if (!isErrorLike(value)) return value;
  const { cause } = value;
  const facts = { name: nameOf(value), message: messageOf(value), stack: stackOf(value) };
  const errors = gathered(value);
  const more = { ...(cause === undefined ? {} : { cause }), ...(errors.length === 0 ? {} : { errors }) };
  return { ...value, ...facts, ...more };
}
