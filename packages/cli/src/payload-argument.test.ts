import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { readPayload } from "./payload-argument.ts";

const noInput = Readable.from([]);

test("a payload is JSON as it was given, or absent", async () => {
  assert.equal(await readPayload('{"a": 1}', noInput), '{"a": 1}');
  assert.equal(await readPayload(undefined, noInput), undefined);
});

test("a payload comes from a file or from standard input", async () => {
  const dir = await mkdtemp(join(tmpdir(), "pawl-payload-"));
  try {
    await writeFile(join(dir, "payload.json"), "[1]");
    assert.equal(await readPayload(`@${join(dir, "payload.json")}`, noInput), "[1]");
    assert.equal(await readPayload("@-", Readable.from(['"x"'])), '"x"');
  } finally {
    await rm(dir, { recursive: true });
  }
});

test("what is not JSON, and a file that is missing, are told with what to do", async () => {
  await assert.rejects(readPayload("{a", noInput), {
    name: "CommandError",
    message: /is not JSON .*quote it for your shell/,
  });
  await assert.rejects(readPayload("@/no/such.json", noInput), {
    name: "CommandError",
    message: /\/no\/such\.json.*ENOENT/,
  });
});
