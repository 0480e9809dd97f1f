import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { CommandError } from "./command-error.ts";

/**
 * Reads the `--payload` of a command: JSON, `@file`, or `@-` for standard input.
 *
 * @param argument - what was given; `undefined` for no payload
 * @param stdin - standard input
 * @returns JSON text as it was given; `undefined` for no payload
 * @throws CommandError when the file can't be read or the text is no JSON
 */
export async function readPayload(
  argument: string | undefined,
  stdin: NodeJS.ReadableStream,
): Promise<string | undefined> {
  if (argument === undefined) return undefined;
  const source = argument.startsWith("@") ? argument.slice(1) : null;
  const json = source === null ? argument : await readSource(source, stdin);
  try {
    JSON.parse(json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const where = source === null ? "The payload" : `The payload in ${source === "-" ? "standard input" : source}`;
    throw new CommandError(
      `${where} is not JSON (${reason}): quote it for your shell, as in --payload '{"name":"Ada"}', or give a file with --payload @payload.json.`,
      { cause: error },
    );
  }
  return json;
}

async function readSource(source: string, stdin: NodeJS.ReadableStream): Promise<string> {
  if (source === "-") return text(stdin);
  return readFile(source, "utf8").catch((error: unknown) => {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CommandError(`The payload file ${source} can't be read (${reason}): check its path.`, { cause: error });
  });
}
