// Checked by the type checker alone: what callers pass for the schemas of each library, and what `run` receives.
import { type Static, Type } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { type } from "arktype";
import * as superstruct from "superstruct";
import * as valibot from "valibot";
import * as yup from "yup";
import { z } from "zod-before-standard";
import { type SchemaInput, type SchemaOutput, schemaTask } from "../index.ts";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Same<A, B>): void {}

const ofZod = schemaTask({
  id: "zod",
  schema: z.object({ width: z.number().default(800), at: z.string().transform((text) => new Date(text)) }),
  run: (payload) => same<typeof payload, { width: number; at: Date }>(true),
});
const ofYup = schemaTask({
  id: "yup",
  schema: yup.object({ url: yup.string().required(), width: yup.number().required() }),
  run: (payload) => same<typeof payload, { url: string; width: number }>(true),
});
const ofSuperstruct = schemaTask({
  id: "superstruct",
  schema: superstruct.object({ url: superstruct.string() }),
  run: (payload) => same<typeof payload, { url: string }>(true),
});
const link = Type.Object({ url: Type.String() });
const ofTypeBox = schemaTask({
  id: "typebox",
  schema: TypeCompiler.Compile(link),
  run: (payload) => same<typeof payload, Static<typeof link>>(true),
});
const ofArkType = schemaTask({
  id: "arktype",
  schema: type({ url: "string", "width?": "number" }),
  run: (payload) => same<typeof payload, { url: string; width?: number }>(true),
});
const ofValibot = schemaTask({
  id: "valibot",
  schema: valibot.object({ width: valibot.optional(valibot.number(), 800) }),
  run: (payload) => same<typeof payload, { width: number }>(true),
});

export async function triggersWithWhatTheSchemasTake() {
  await ofZod.trigger({ at: "2026-01-01" });
  await ofYup.trigger({ url: "a", width: 1 });
  await ofSuperstruct.trigger({ url: "a" });
  await ofTypeBox.trigger({ url: "a" });
  await ofArkType.trigger({ url: "a" });
  await ofValibot.trigger({});
  // @ts-expect-error a time is a text
  await ofZod.trigger({ at: new Date() });
  // @ts-expect-error the width is missing
  await ofYup.trigger({ url: "a" });
  // @ts-expect-error a URL is a text
  await ofSuperstruct.trigger({ url: 1 });
  // @ts-expect-error a URL is a text
  await ofTypeBox.trigger({ url: 1 });
  // @ts-expect-error the URL is missing
  await ofArkType.trigger({ width: 1 });
  // @ts-expect-error a width is a number
  await ofValibot.trigger({ width: "wide" });
}

interface Typed {
  readonly inferIn: string;
  readonly infer: number;
  assert(value: unknown): number;
}
same<[SchemaInput<Typed>, SchemaOutput<Typed>], [string, number]>(true);
same<SchemaOutput<{ parse(value: unknown): Date }>, Date>(true);
same<SchemaOutput<{ assert(value: unknown): asserts value is Date }>, Date>(true);
// @ts-expect-error that is no schema
schemaTask({ id: "none", schema: { type: "object" }, run: () => 1 });
