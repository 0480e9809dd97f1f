import { fromPublicId, type IdPrefix } from "@pawl/contract/ids";
import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import { ApiError } from "./errors.ts";

/**
 * Parses a part of a request, or says which field is wrong.
 *
 * @param schema - what the part must be
 * @param value - the part as it came
 * @param part - what to call the part as a whole, such as `body`
 * @returns the parsed value
 * @throws ApiError `invalid_request` (`unprocessable` where the schema says so) that names the field in its message and in `param`
 */
export function parse<T>(schema: z.ZodType<T>, value: unknown, part: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw toInvalidRequest(result.error, part);
}

/**
 * Describes the first thing that is wrong with a value.
 *
 * @param error - what the schema found
 * @param part - what to call the value as a whole
 * @returns the error to answer with
 */
export function toInvalidRequest(error: z.ZodError, part: string): ApiError {
  const { path, message, isUnprocessable } = firstIssue(error.issues);
  const field = path === "" ? part : path;
  return new ApiError(isUnprocessable ? "unprocessable" : "invalid_request", `${field}: ${message}.`, field);
}

/** What is wrong with a value. */
interface FirstIssue {
  readonly path: string;
  readonly message: string;
  readonly isUnprocessable: boolean;
}

/**
 * Finds the issue that tells most: inside a union, the one of the branch that came furthest.
 *
 * @param issues - the issues of one value, at least one
 * @returns its path, joined by dots, its message, and whether its schema marks it as one of a value that has the right form
 */
export function firstIssue(issues: readonly z.core.$ZodIssue[]): FirstIssue {
  const issue = issues[0];
  if (issue === undefined) return { path: "", message: "is not valid", isUnprocessable: false };
  if (issue.code === "invalid_union") {
    const deepest = issue.errors
      .map((branch) => branch[0])
      .filter((inner) => inner !== undefined && inner.code !== "invalid_type")
      .at(0);
    if (deepest !== undefined)
      return { path: pathOf([...issue.path, ...deepest.path]), message: deepest.message, isUnprocessable: false };
  }
  if (issue.code === "unrecognized_keys") {
    return {
      path: pathOf([...issue.path, issue.keys[0] ?? ""]),
      message: "is no field of this call",
      isUnprocessable: false,
    };
  }
  const isUnprocessable = issue.code === "custom" && issue.params?.isUnprocessable === true;
  return { path: pathOf(issue.path), message: issue.message, isUnprocessable };
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.map(String).join(".");
}

/**
 * Reads a part of the path.
 *
 * @param request - a request whose route has that part
 * @param name - the name after the colon
 * @returns the decoded text
 */
export function pathPart(request: FastifyRequest, name: string): string {
  const parts = request.params as Readonly<Record<string, string | undefined>>; // the router makes nothing else
  return parts[name] ?? "";
}

/**
 * Reads a public id from the path.
 *
 * @param request - a request whose route has that part
 * @param name - the name after the colon
 * @param prefix - what the id names
 * @returns the UUID
 * @throws ApiError `not_found` when the text is no such id: then nothing has it
 */
export function idInPath(request: FastifyRequest, name: string, prefix: IdPrefix): string {
  const text = pathPart(request, name);
  const uuid = fromPublicId(prefix, text);
  if (uuid === null) throw notFound(nouns[prefix] ?? prefix, text);
  return uuid;
}

/** What a prefix stands for, where it is not the word itself. */
const nouns: Readonly<Partial<Record<IdPrefix, string>>> = {
  sched: "schedule",
  bulk: "bulk action",
  waitpoint: "token",
  pat: "personal token",
};

/**
 * The answer for an id that names nothing in this environment.
 *
 * @param noun - what was looked for
 * @param id - the id as the caller gave it
 * @returns the error
 */
export function notFound(noun: string, id: string): ApiError {
  return new ApiError(
    "not_found",
    `There is no ${noun} ${id} in this environment. Check the id and whose key you use.`,
  );
}

/**
 * Refuses a text that Postgres can't hold.
 *
 * @param text - any text of a request
 * @param field - its field, for the message
 * @throws ApiError `unprocessable`
 */
export function refuseNul(text: string, field: string): void {
  if (!text.includes("\0")) return;
  throw new ApiError(
    "unprocessable",
    `${field}: contains the character NUL (U+0000), which can't be stored. Remove it.`,
    field,
  );
}
