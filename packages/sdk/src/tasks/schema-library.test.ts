import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { type } from "arktype";
import * as superstruct from "superstruct";
import * as valibot from "valibot";
import * as yup from "yup";
import { z } from "zod-before-standard";
import { TaskPayloadParsedError } from "../errors/task-error.ts";
import { payloadParser } from "./schema.ts";

// One schema, as each library writes it: a title, with a default where the library has defaults, and the years of movies.

const ofSuperstruct = superstruct.object({
  title: superstruct.defaulted(superstruct.string(), "none"),
  movies: superstruct.array(superstruct.object({ year: superstruct.number() })),
});
const schemas = {
  zod: z.object({
    title: z.string().default("none"),
    movies: z.array(z.object({ year: z.number().refine(async (year) => year > 0) })),
  }),
  yup: yup.object({
    title: yup.string().default("none"),
    movies: yup
      .array(yup.object({ year: yup.number().test("past", async (year) => typeof year === "number" && year > 0) }))
      .required(),
  }),
  superstruct: ofSuperstruct,
  typebox: TypeCompiler.Compile(
    Type.Object({ title: Type.String(), movies: Type.Array(Type.Object({ year: Type.Number() })) }),
  ),
  arktype: type({ title: "string = 'none'", movies: type({ year: "number" }).array() }),
  valibot: valibot.object({
    title: valibot.optional(valibot.string(), "none"),
    movies: valibot.array(valibot.object({ year: valibot.number() })),
  }),
  parse: { parse: (value: unknown) => superstruct.create(value, ofSuperstruct) },
  assert: { assert: (value: unknown) => superstruct.assert(value, ofSuperstruct) },
};

for (const [library, schema] of Object.entries(schemas)) {
  const parse = payloadParser("movies", schema);

  test(`${library}: gives the value, with its defaults`, async () => {
    const movies = [{ year: 1998 }];
    assert.deepEqual(await parse({ title: "Run", movies }), { title: "Run", movies });
    if (library !== "typebox" && library !== "assert")
      assert.deepEqual(await parse({ movies }), { title: "none", movies });
  });

  test(`${library}: lists every issue with its path`, async () => {
    const broken = { title: {}, movies: [{ year: 1 }, { year: "x" }] };
    const error = await parse(broken).catch((error: unknown) => error);
    assert.ok(error instanceof TaskPayloadParsedError, String(error));
    assert.deepEqual([...new Set(error.issues.map(({ path }) => path))].sort(), ["movies[1].year", "title"]);
    for (const { message } of error.issues) assert.notEqual(message, "");
  });

  test(`${library}: refuses what is no object at all`, async () => {
    const error = await parse(7).catch((error: unknown) => error);
    assert.ok(error instanceof TaskPayloadParsedError, String(error));
    assert.equal(error.issues[0]?.path, "");
  });
}

test("what is thrown without issues is the issue, and the cause", async () => {
  for (const thrown of [new Error("is odd"), "is odd", { message: "is odd", path: ["a", 0] }]) {
    const parse = payloadParser("t", () => {
      throw thrown;
    });
    const error = await parse(1).catch((error: unknown) => error);
    assert.ok(error instanceof TaskPayloadParsedError);
    assert.deepEqual(error.issues, [
      { message: "is odd", path: thrown instanceof Object && "path" in thrown ? "a[0]" : "" },
    ]);
    assert.equal(error.cause, thrown);
  }
});
