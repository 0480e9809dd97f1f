import { defaultMachine } from "@pawl/contract/machine";
import type { RunFilter } from "../../engine/read-ports.ts";
import { plainArray, textArray } from "../db.ts";
import { lowestUuidAt } from "../partitions.ts";

/** Where runs that match a filter are looked for in the order of their ids: the narrowest table or index that has all of them. */
interface Source {
  readonly name: string;
  readonly table: string;
  /** The id of the run, in that table under the name f. */
  readonly id: string;
  /** What a row must have, with the place of the filter's id; null where every row counts. */
  readonly condition: ((place: string) => string) | null;
}

const sources = {
  run: { name: "run", table: "run", id: "f.id", condition: null },
  live: { name: "live", table: "live_run", id: "f.run_id", condition: null },
  failure: { name: "fail", table: "run_failure", id: "f.run_id", condition: null },
  batch: { name: "batch", table: "batch_item", id: "f.run_id", condition: (place) => `f.batch_id = ${place}::uuid` },
  schedule: { name: "sched", table: "run", id: "f.id", condition: (place) => `f.schedule_id = ${place}::uuid` },
  touched: {
    name: "bulk",
    table: "bulk_action_run",
    id: "coalesce(f.new_run_id, f.run_id)",
    condition: (place) => `f.bulk_action_id = ${place}::uuid and f.is_done`,
  },
} as const satisfies Record<string, Source>;

/** How the runs of a filter are found. */
export interface FilteredRuns {
  /** The tables: the source under the name f (or r itself), and `run r`. */
  readonly from: string;
  /** The id of a run as the source has it. */
  readonly id: string;
  /** What the source must have. Begins with its environment, $1. */
  readonly sourceConditions: readonly string[];
  /** What the run must have besides; they may speak of `run r`, of `live_run l` and of `version v`, both joined from the left. */
  readonly runConditions: readonly string[];
  /** All of them. */
  readonly conditions: readonly string[];
  /** Those that were given, and the filter's own. */
  readonly values: readonly unknown[];
  /** A short name for the text that comes of it, since a prepared statement has one text. */
  readonly shape: string;
}

/** How {@link filterRuns} is used. */
interface FilterUse {
  /** `joined`: source and run in one query; `apart`: the source alone, under the name f. */
  readonly driving: "joined" | "apart";
  /** Whether only unfinished runs count. */
  readonly isLiveOnly?: boolean;
}

/**
 * Writes the SQL that finds the runs of a filter. The text depends on which fields are set, so that each has its index: unfinished runs are
 * found through `live_run`, unsuccessful ones through `run_failure`, those of a batch, a schedule or a bulk action through theirs.
 *
 * @param filter - which runs
 * @param given - values of the statement that come first; the environment is $1
 * @param use - how it is used
 * @returns its parts
 */
export function filterRuns(filter: RunFilter, given: readonly unknown[], use: FilterUse): FilteredRuns {
  const values = [...given];
  const place = (value: unknown) => `$${values.push(value)}`;
  const isLiveOnly = use.isLiveOnly === true;
  const source: Source = sources[sourceOf(filter, isLiveOnly)];
  const isRunItself = source.table === "run" && use.driving === "joined";
  const inSource = (text: string) => (isRunItself ? text.replaceAll("f.", "r.") : text);
  const id = inSource(source.id);

  const sourceConditions = [inSource("f.environment_id = $1::uuid")];
  // Runs that call a hook of another one are no runs that anybody has triggered.
  const runConditions = ["r.hook is null", ...(isLiveOnly ? ["l.run_id is not null"] : [])];
  for (const [name, value, otherwise] of ownSources(filter)) {
    if (value === null) continue;
    const at = place(value);
    if (source === sources[name]) sourceConditions.push(inSource(sources[name].condition(at)));
    else runConditions.push(otherwise(at));
  }
  if (filter.from !== null) sourceConditions.push(`${id} >= ${place(lowestUuidAt(filter.from.getTime()))}::uuid`);
  if (filter.to !== null) sourceConditions.push(`${id} < ${place(lowestUuidAt(filter.to.getTime()))}::uuid`);
  runConditions.push(...fieldConditions(filter, place));
  const joined = isRunItself
    ? "run r"
    : `${source.table} f join run r on r.environment_id = f.environment_id and r.id = ${source.id}`;
  return {
    from: use.driving === "joined" ? joined : `${source.table} f`,
    id,
    sourceConditions,
    runConditions,
    conditions: [...sourceConditions, ...(isRunItself ? [] : ["r.environment_id = $1::uuid"]), ...runConditions],
    values,
    shape: shapeOf(filter, source.name),
  };
}

function sourceOf(filter: RunFilter, isLiveOnly: boolean): keyof typeof sources {
  if (filter.bulkActionId !== null) return "touched";
  if (filter.batchId !== null) return "batch";
  if (isLiveOnly) return "live";
  if (filter.scheduleId !== null) return "schedule";
  if (filter.standing === null) return "run";
  const { states, outcomes } = filter.standing;
  if (outcomes.length === 0) return "live";
  return states.length > 0 || outcomes.includes("completed") ? "run" : "failure";
}

/** The fields with a source of their own, and what they ask of a run that was found through another. */
function ownSources(filter: RunFilter) {
  return [
    [
      "touched",
      filter.bulkActionId,
      (at: string) => `exists (
        select from bulk_action_run t
        where t.environment_id = $1::uuid and t.bulk_action_id = ${at}::uuid and coalesce(t.new_run_id, t.run_id) = r.id and t.is_done
      )`,
    ],
    [
      "batch",
      filter.batchId,
      (at: string) =>
        `exists (select from batch_item i where i.environment_id = $1::uuid and i.batch_id = ${at}::uuid and i.run_id = r.id)`,
    ],
    ["schedule", filter.scheduleId, (at: string) => `r.schedule_id = ${at}::uuid`],
  ] as const;
}

/** What a run asked for, else what its task says in its version. */
const machine = `coalesce(r.machine, (
        select t.machine from task t where t.environment_id = $1::uuid and t.version_id = v.id and t.id = r.task_id
      ), '${defaultMachine}')`;

function fieldConditions(filter: RunFilter, place: (value: unknown) => string): readonly string[] {
  const { taskIds, queueNames, versionLabels, tags, machines, regions, isTest, standing } = filter;
  const conditions: string[] = [];
  if (taskIds !== null) conditions.push(`r.task_id = any (${place(textArray(taskIds))}::text[])`);
  if (queueNames !== null) conditions.push(`r.queue_name = any (${place(textArray(queueNames))}::text[])`);
  if (versionLabels !== null) conditions.push(`v.label = any (${place(textArray(versionLabels))}::text[])`);
  if (tags !== null) conditions.push(`r.tags && ${place(textArray(tags))}::text[]`);
  if (machines !== null) conditions.push(`${machine} = any (${place(textArray(machines))}::text[])`);
  if (regions !== null) conditions.push(`r.region = any (${place(textArray(regions))}::text[])`);
  if (isTest !== null) conditions.push(`r.is_test = ${place(isTest)}::boolean`);
  if (standing === null) return conditions;
  const statesPlace = place(
    plainArray(standing.states.map(({ state, isBetweenAttempts }) => `${state}:${isBetweenAttempts ?? "any"}`)),
  );
  const outcomesPlace = place(plainArray([...standing.outcomes]));
  conditions.push(`(l.state || ':any' = any (${statesPlace}::text[])
      or l.state || ':' || (l.attempt > 0)::text = any (${statesPlace}::text[])
      or r.outcome = any (${outcomesPlace}::text[]))`);
  return conditions;
}

/** One letter for each field that is set. */
function shapeOf(filter: RunFilter, source: string): string {
  const letters = {
    t: filter.taskIds,
    q: filter.queueNames,
    v: filter.versionLabels,
    g: filter.tags,
    m: filter.machines,
    r: filter.regions,
    i: filter.isTest,
    b: filter.batchId,
    s: filter.scheduleId,
    k: filter.bulkActionId,
    f: filter.from,
    u: filter.to,
    o: filter.standing,
  };
  const set = Object.entries(letters).filter(([, value]) => value !== null);
  return `${source}_${set.map(([letter]) => letter).join("")}`;
}
