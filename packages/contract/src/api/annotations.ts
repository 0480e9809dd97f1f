import { z } from "zod";
import type { Metadata } from "../metadata-operations.ts";
import { metadataPath } from "../metadata-path.ts";
import { optional, tagsSchema } from "./trigger.ts";

/** The most tags of a run. */
export const maxTags = 10;

/** The body of `POST /api/v1/runs/:runId/tags`. */
export const addTagsBodySchema = z.object({ tags: tagsSchema });

/** The answer of `POST /api/v1/runs/:runId/tags`. */
export interface AddTagsAnswer {
  readonly message: string;
}

/** How large it may be is judged once it is changed. */
const objectSchema = z.record(z.string(), z.unknown());

const keySchema = z
  .string()
  .max(512)
  .refine((key) => metadataPath(key) !== null, "is no key: write a name, or a path such as $.steps[0].name");

const operationSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("set"), key: keySchema, value: z.unknown() }),
  z.object({ type: z.literal("delete"), key: keySchema }),
  z.object({ type: z.literal("append"), key: keySchema, value: z.unknown() }),
  z.object({ type: z.literal("remove"), key: keySchema, value: z.unknown() }),
  z.object({ type: z.literal("increment"), key: keySchema, value: z.number() }),
  z.object({ type: z.literal("update"), value: objectSchema }),
]);

const operationsSchema = optional(z.array(operationSchema).max(10_000));

/** The body of `PUT /api/v1/runs/:runId/metadata`: a new object in place of the old one, or changes of it, of the parent's and of the root's. */
export const changeMetadataBodySchema = z.object({
  metadata: optional(objectSchema),
  operations: operationsSchema,
  parentOperations: operationsSchema,
  rootOperations: operationsSchema,
});

/** The answer of `GET` and `PUT /api/v1/runs/:runId/metadata`. */
export interface MetadataAnswer {
  readonly metadata: Metadata;
}
