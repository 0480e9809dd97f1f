import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";

type Json = Readonly<Record<string, unknown>>;

/** A route of the document. */
export interface Operation {
  readonly operationId: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Json;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> };
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly content?: Readonly<Record<string, MediaType>> }>
  >;
}

interface MediaType {
  readonly schema: Json;
  readonly example?: unknown;
}

/** The document of an API, as far as tests read it. */
export interface ApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Json & {
    readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, MediaType>> }>>;
  };
}

/** Holds values against the schemas of a document. */
export interface ApiSchemas {
  /** Every route, as `GET /api/v1/runs`. */
  readonly operations: ReadonlyMap<string, Operation>;
  /** What is wrong with a value; null: nothing. With `closed`, fields that the schema does not name are wrong too. */
  problem(schema: Json, value: unknown, options?: { readonly closed?: boolean }): string | null;
  /** The schema of an answer; null: no JSON. */
  answerSchema(operation: Operation, status: number): Json | null | undefined;
}

/**
 * Reads the schemas of a document.
 *
 * @param document - the document of the API
 * @returns its schemas
 */
export function schemasOf(document: ApiDocument): ApiSchemas {
  const open = compiler(document.components);
  const closed = compiler(closedObjects(document.components) as Json); // an object stays one
  return {
    operations: new Map(
      Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
      ),
    ),
    problem(schema, value, options = {}) {
      const validate = options.closed === true ? closed(closedObjects(schema) as Json) : open(schema);
      return validate(value) ? null : `${JSON.stringify(validate.errors)} of ${JSON.stringify(value).slice(0, 1_000)}`;
    },
    answerSchema({ responses }, status) {
      const found = responses[status] ?? (status >= 400 ? responses.default : undefined);
      if (found === undefined) return undefined;
      const response =
        found.$ref === undefined ? found : document.components.responses[found.$ref.split("/").at(-1) ?? ""];
      return response?.content?.["application/json"]?.schema ?? null;
    },
  };
}

function compiler(components: Json): (schema: Json) => ValidateFunction {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true, validateFormats: true });
  formats.default(ajv);
  ajv.addVocabulary(["example", "components"]);
  const compiled = new Map<string, ValidateFunction>();
  return (schema) => {
    const text = JSON.stringify(schema);
    const known = compiled.get(text);
    if (known !== undefined) return known;
    const made = ajv.compile({ ...schema, components });
    compiled.set(text, made);
    return made;
  };
}

/** Objects with named fields take no other. */
function closedObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closedObjects);
  if (typeof value !== "object" || value === null) return value;
  const inside = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, closedObjects(part)]));
  const isOpen = inside.type === "object" && "properties" in inside && !("additionalProperties" in inside);
  return isOpen ? { ...inside, additionalProperties: false } : inside;
}
