import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { TaskPayloadParsedError } from "../errors/task-error.ts";
import { payloadParser, type StandardSchema } from "./schema.ts";

const even: StandardSchema<number, string> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) =>
      typeof value === "number" && value % 2 === 0 ? { value: `${value}!` } : { issues: [{ message: "is odd" }] },
  },
};

test("gives the schema's output, whatever kind of schema", async () => {
  const typeLike = Object.assign(() => "called", even); // schemas of arktype are functions too
  assert.equal(await payloadParser("t", z.string().transform(Number))("3"), 3);
  assert.equal(await payloadParser("t", even)(2), "2!");
  assert.equal(await payloadParser("t", typeLike)(2), "2!");
  assert.equal(await payloadParser("t", Number)("4"), 4);
  assert.equal(
    await payloadParser("t", async (value: unknown) => [value])(5).then((list) => (list as unknown[])[0]),
    5,
  );
});

test("lists every issue with its path", async () => {
  const parse = payloadParser(
    "movies",
    z.object({ movies: z.array(z.object({ year: z.number() })), title: z.string() }),
  );
  const error = await parse({ movies: [{ year: 1 }, { year: "x" }] }).catch((error: unknown) => error);
  assert.ok(error instanceof TaskPayloadParsedError);
  assert.equal(error.taskId, "movies");
  assert.deepEqual(
    error.issues.map((issue) => issue.path),
    ["movies[1].year", "title"],
  );
  assert.match(error.message, /^The payload does not fit the schema of task movies:\n- movies\[1\]\.year: /);
});

test("a function that throws refuses the payload, and its error is the cause", async () => {
  const cause = new Error("no");
  const parse = payloadParser("t", () => {
    throw cause;
  });
  await assert.rejects(parse(1), { name: "TaskPayloadParsedError", issues: [{ message: "no", path: "" }], cause });
});

test("what is no schema is refused at once", () => {
  for (const schema of [undefined, null, 3, {}, { validate() {} }, { Check() {} }, { "~standard": {} }]) {
    assert.throws(() => payloadParser("t", schema), { name: "TypeError", message: /The schema of task t is none/ });
  }
});
