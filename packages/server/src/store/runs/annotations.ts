import { maxTags } from "@pawl/contract/api/annotations";
import { maxMetadataBytes } from "@pawl/contract/api/trigger";
import { applyMetadataOperations, type Metadata, type MetadataOperation } from "@pawl/contract/metadata-operations";
import type { AnnotationStore, MetadataOutcome } from "../../engine/annotation-ports.ts";
import { type Database, textArray } from "../db.ts";

/** Changes through other servers that may come between; each of these tries is one that got through. */
const maxTries = 1_000;

/**
 * Tags and metadata of runs on Postgres.
 *
 * @param db - the database
 * @returns the store
 */
export function createAnnotationStore(db: Database): AnnotationStore {
  const lastChange = new Map<string, Promise<unknown>>();
  return {
    addTags: (environmentId, runId, tags) => addTags(db, environmentId, runId, tags),
    async ancestors(environmentId, runId) {
      const [row] = await db.query({
        name: "runs_ancestor_ids",
        text: `
          select coalesce(parent_run_id, id) as parent_id, coalesce(root_run_id, id) as root_id
          from run where environment_id = $1::uuid and id = $2::uuid`,
        values: [environmentId, runId],
      });
      return row === undefined ? null : { parentRunId: String(row.parent_id), rootRunId: String(row.root_id) };
    },
    /** A server makes the changes of one run one after another, since only one of several at once gets through. */
    async changeMetadata(environmentId, runId, operations) {
      const turn = (lastChange.get(runId) ?? Promise.resolve()).then(() =>
        changeMetadata(db, environmentId, runId, operations),
      );
      const ended = turn.catch(() => undefined);
      lastChange.set(runId, ended);
      ended.then(() => lastChange.get(runId) === ended && lastChange.delete(runId));
      return turn;
    },
  };
}

/** Locks: the run row. */
async function addTags(
  db: Database,
  environmentId: string,
  runId: string,
  tags: readonly string[],
): Promise<"added" | "too_many" | "not_found"> {
  const [, [row] = []] = await db.transaction([
    {
      name: "runs_annotate_lock",
      text: "select from run where environment_id = $1::uuid and id = $2::uuid for update",
      values: [environmentId, runId],
    },
    {
      name: "runs_add_tags",
      text: `
        with merged as (
          select r.id, r.tags || array(
                   select n.tag from unnest($3::text[]) with ordinality as n(tag, place)
                   where r.tags is null or n.tag <> all (r.tags)
                   group by n.tag order by min(n.place)
                 ) as tags
          from run r where r.environment_id = $1::uuid and r.id = $2::uuid
        ),
        changed as (
          update run r set tags = m.tags from merged m
          where r.environment_id = $1::uuid and r.id = $2::uuid and cardinality(m.tags) <= ${maxTags}
        )
        select cardinality(tags) as count from merged`,
      values: [environmentId, runId, textArray(tags)],
    },
  ]);
  if (row === undefined) return "not_found";
  return Number(row.count) > maxTags ? "too_many" : "added";
}

/**
 * Reads, changes and writes, unless another has written meanwhile: then once more.
 */
async function changeMetadata(
  db: Database,
  environmentId: string,
  runId: string,
  operations: readonly MetadataOperation[],
): Promise<MetadataOutcome> {
  for (let i = 0; i < maxTries; i++) {
    const [row] = await db.query({
      name: "run_metadata_read",
      text: `
        select m.data from run r
        left join run_metadata m on m.environment_id = r.environment_id and m.run_id = r.id
        where r.environment_id = $1::uuid and r.id = $2::uuid`,
      values: [environmentId, runId],
    });
    if (row === undefined) return { kind: "not_found" };
    const before = row.data as string | null; // a text column
    const metadata = applyMetadataOperations(before === null ? {} : (JSON.parse(before) as Metadata), operations);
    const after = JSON.stringify(metadata);
    if (Buffer.byteLength(after) > maxMetadataBytes) return { kind: "too_large" };
    if (after === before || (await write(db, { environmentId, runId, before, after }))) {
      return { kind: "changed", metadata: JSON.parse(after) as Metadata };
    }
  }
  throw new Error(`The metadata of run ${runId} could not be changed in ${maxTries} tries`);
}

/** Answers false when the data is not what it was. Locks: the row. */
async function write(
  db: Database,
  change: {
    readonly environmentId: string;
    readonly runId: string;
    readonly before: string | null;
    readonly after: string;
  },
): Promise<boolean> {
  const { environmentId, runId, before, after } = change;
  const rows = await db.query(
    before === null
      ? {
          name: "run_metadata_make",
          text: `
            insert into run_metadata (environment_id, run_id, data) values ($1::uuid, $2::uuid, $3)
            on conflict do nothing returning 1`,
          values: [environmentId, runId, after],
        }
      : {
          name: "run_metadata_change",
          text: `
            update run_metadata set data = $4
            where environment_id = $1::uuid and run_id = $2::uuid and data = $3 returning 1`,
          values: [environmentId, runId, before, after],
        },
  );
  return rows.length > 0;
}
