import {
  type AddTagsAnswer,
  addTagsBodySchema,
  changeMetadataBodySchema,
  type MetadataAnswer,
  maxTags,
} from "@pawl/contract/api/annotations";
import { addTagsAnswerSchema, metadataAnswerSchema } from "@pawl/contract/api/answers/runs";
import { maxMetadataBytes } from "@pawl/contract/api/trigger";
import type { MetadataOperation } from "@pawl/contract/metadata-operations";
import type { AnnotationStore } from "../../engine/annotation-ports.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import { requireRunRead, runReadScopes } from "../run-scope.ts";
import { idInPath, notFound, parse, pathPart, refuseNul } from "../validation.ts";

/**
 * `POST /api/v1/runs/:runId/tags`: gives a run more tags, in whatever state it is.
 *
 * @param annotations - keeps them
 * @returns the route
 */
export function addTagsRoute(annotations: AnnotationStore): Route {
  return {
    method: "POST",
    path: "/api/v1/runs/:runId/tags",
    accepts: "environment_key",
    document: {
      summary: "Add tags to a run",
      tag: "Runs",
      body: addTagsBodySchema,
      answers: { 200: addTagsAnswerSchema },
      example: { body: { tags: ["customer_17", "urgent"] } },
    },
    async answer(request, _reply, { environment }): Promise<AddTagsAnswer> {
      const { tags } = parse(addTagsBodySchema, request.body ?? {}, "body");
      for (const tag of tags) refuseNul(tag, "tags");
      const id = pathPart(request, "runId");
      const outcome = await annotations.addTags(environment.id, idInPath(request, "runId", "run"), tags);
      if (outcome === "not_found") throw notFound("run", id);
      if (outcome === "added") return { message: `The run ${id} has the tags.` };
      throw new ApiError("unprocessable", `tags: the run ${id} would have more than ${maxTags} tags.`, "tags");
    },
  };
}

/**
 * `GET /api/v1/runs/:runId/metadata`: the metadata of a run.
 *
 * @param runs - reads runs
 * @returns the route
 */
export function readMetadataRoute(runs: Pick<RunReader, "retrieve">): Route {
  return {
    method: "GET",
    path: "/api/v1/runs/:runId/metadata",
    accepts: "public_token",
    document: {
      summary: "Get the metadata of a run",
      tag: "Runs",
      answers: { 200: metadataAnswerSchema },
      scopes: runReadScopes,
    },
    async answer(request, _reply, caller): Promise<MetadataAnswer> {
      const run = await runs.retrieve(caller.environment.id, idInPath(request, "runId", "run"));
      requireRunRead(caller, pathPart(request, "runId"), run);
      return { metadata: run.metadata === null ? {} : (JSON.parse(run.metadata) as MetadataAnswer["metadata"]) }; // stored as an object
    },
  };
}

/**
 * `PUT /api/v1/runs/:runId/metadata`: changes the metadata of a run, of its parent and of its root. Where it has neither, the
 * changes meant for them are its own.
 *
 * @param annotations - keeps it
 * @returns the route
 */
export function changeMetadataRoute(annotations: AnnotationStore): Route {
  return {
    method: "PUT",
    path: "/api/v1/runs/:runId/metadata",
    accepts: "environment_key",
    document: {
      summary: "Change the metadata of a run",
      tag: "Runs",
      description: "A new object in place of the old one, or changes of it, of the parent and of the root.",
      body: changeMetadataBodySchema,
      answers: { 200: metadataAnswerSchema },
      example: {
        body: { operations: [{ type: "increment", key: "done", value: 1 }] },
        answer: { metadata: { done: 1 } },
      },
    },
    async answer(request, _reply, { environment }): Promise<MetadataAnswer> {
      const body = parse(changeMetadataBodySchema, request.body ?? {}, "body");
      const runId = idInPath(request, "runId", "run");
      const above = await annotations.ancestors(environment.id, runId);
      if (above === null) throw notFound("run", pathPart(request, "runId"));
      const change = async (id: string, operations: readonly MetadataOperation[] | undefined) => {
        if (operations === undefined || operations.length === 0) return;
        const outcome = await annotations.changeMetadata(environment.id, id, operations);
        if (outcome.kind === "too_large") throw tooLarge();
      };
      await change(above.parentRunId, body.parentOperations);
      await change(above.rootRunId, body.rootOperations);
      const own: readonly MetadataOperation[] = [
        ...(body.metadata === undefined ? [] : [{ type: "update", value: body.metadata } as const]),
        ...(body.operations ?? []),
      ];
      const outcome = await annotations.changeMetadata(environment.id, runId, own);
      if (outcome.kind === "too_large") throw tooLarge();
      if (outcome.kind === "not_found") throw notFound("run", pathPart(request, "runId"));
      return { metadata: outcome.metadata };
    },
  };
}

function tooLarge(): ApiError {
  return new ApiError(
    "payload_too_large",
    `metadata: would be larger than ${maxMetadataBytes / 1024} KB. Keep what is large elsewhere, and its address here.`,
    "metadata",
  );
}
