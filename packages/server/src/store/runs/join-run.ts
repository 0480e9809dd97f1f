import type { NewRun } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";

/**
 * The condition that code of a parent may make runs: it executes, or goes on beside its waits, under the claim that it names. It
 * holds where no claim is named.
 *
 * @param live - alias of the parent's row of `live_run`, joined by its id alone
 * @param child - alias of a row with parent_fence and parent_host_id
 * @returns the SQL
 */
export function isClaimOf(live: string, child: string): string {
  return `(${child}.parent_fence is null or coalesce(
             ${live}.fence = ${child}.parent_fence and ${live}.host_id = ${child}.parent_host_id and ${live}.state <> 'claimed', false))`;
}

/**
 * Locks live rows. Locks: the rows, in the order of their ids.
 *
 * @param environmentOf - the ids of the runs, each with its environment
 * @returns the statement
 */
export function lockLiveRuns(environmentOf: ReadonlyMap<string, string>): Statement {
  return {
    name: "runs_lock",
    text: `
      select l.run_id from unnest($1::uuid[], $2::uuid[]) as named(environment_id, run_id)
      join live_run l on l.environment_id = named.environment_id and l.run_id = named.run_id
      order by l.run_id
      for no key update of l`,
    values: [plainArray([...environmentOf.values()]), plainArray([...environmentOf.keys()])],
  };
}

/** A run that was made before, and the run about to be made whose parent waits for it instead. */
export interface Join {
  readonly run: NewRun;
  readonly foundId: string;
}

/**
 * Has parents wait for runs that were made before. Comes after {@link lockLiveRuns} for all of them in one transaction: so a run
 * that has no live row here has its outcome, and one that has will see when it ends that somebody waits. Locks: the waitpoints
 * it inserts.
 *
 * @param joins - parents and runs
 * @returns the statement; its rows are the ids of those that were about to be made and whose parent has lost its claim
 */
export function joinRuns(joins: readonly Join[]): Statement {
  const parents = joins.map(({ run }) => run.parent);
  return {
    name: "runs_join",
    text: `
      with given as materialized (
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::int[], $7::text[])
          as g(environment_id, id, found_id, parent_run_id, parent_host_id, parent_fence, wait)
      ),
      judged as materialized (
        select g.*, r.outcome is not null as is_over, pl.run_id is not null and ${isClaimOf("pl", "g")} as is_valid
        from given g
        left join live_run pl on pl.environment_id = g.environment_id and pl.run_id = g.parent_run_id
        left join lateral (
          select run.outcome from run where run.environment_id = g.environment_id and run.id = g.found_id offset 0
        ) r on true
      ),
      waited as (
        insert into waitpoint (environment_id, id, kind, completed_at)
        select distinct environment_id, found_id, 'run', case when is_over then now() end from judged where is_valid
        order by 1, 2
        on conflict (environment_id, id) do update set kind = excluded.kind -- locks it, against being forgotten
      ),
      opened as (
        insert into run_wait (environment_id, run_id, key, waitpoint_id)
        select environment_id, parent_run_id, wait, found_id from judged where is_valid
        on conflict do nothing
      ),
      awaited as (
        update live_run l set is_awaited = true from judged j
        where j.is_valid and l.environment_id = j.environment_id and l.run_id = j.found_id and not l.is_awaited
      )
      select id from judged where not is_valid`,
    values: [
      plainArray(joins.map(({ run }) => run.environmentId)),
      plainArray(joins.map(({ run }) => run.id)),
      plainArray(joins.map(({ foundId }) => foundId)),
      plainArray(parents.map((parent) => parent?.runId ?? null)),
      plainArray(parents.map((parent) => parent?.claim?.hostId ?? null)),
      plainArray(parents.map((parent) => parent?.claim?.fence ?? null)),
      textArray(parents.map((parent) => parent?.wait ?? null)),
    ],
  };
}
