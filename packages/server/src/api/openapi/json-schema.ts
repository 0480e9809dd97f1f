import { type ZodType, z } from "zod";

/** A JSON Schema of the draft 2020-12, as OpenAPI 3.1 takes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Schemas that several others refer to, by their names. */
export type NamedSchemas = Map<string, JsonSchema>;

/**
 * Turns a schema of the contract into JSON Schema. Parts that have a name become references to `#/components/schemas`.
 *
 * @param schema - the contract's
 * @param side - `input`: what callers may send; `output`: what the server answers
 * @param named - gets the parts that have a name
 * @returns the schema
 */
export function toJsonSchema(schema: ZodType, side: "input" | "output", named: NamedSchemas): JsonSchema {
  const { $schema, $defs, ...own } = z.toJSONSchema(schema, {
    io: side,
    target: "draft-2020-12",
    unrepresentable: "any",
  });
  for (const [name, part] of Object.entries($defs ?? {})) named.set(name, published(part, side));
  return published(own, side);
}

/** References into the schema become references into the document, and what says nothing is left out. */
function published(schema: object, side: "input" | "output"): JsonSchema {
  const text = JSON.stringify(schema, (key, part) => (isNoise(key, part, side) ? undefined : part));
  return JSON.parse(text.replaceAll('"$ref":"#/$defs/', '"$ref":"#/components/schemas/')) as JsonSchema; // an object before and after
}

function isNoise(key: string, part: unknown, side: "input" | "output"): boolean {
  switch (key) {
    case "id": // the name under which the schema is published
      return typeof part === "string";
    case "minimum":
      return part === Number.MIN_SAFE_INTEGER;
    case "maximum":
      return part === Number.MAX_SAFE_INTEGER;
    case "additionalProperties": // readers are to take fields that come later
      return side === "output" && part === false;
    default:
      return false;
  }
}
