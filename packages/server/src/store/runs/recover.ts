import type { RunError } from "@pawl/contract/errors";
import { backInLine } from "./back-in-line.ts";
import { hasHooks } from "./end-hooks.ts";
import { cancelled, finishEnded, noteAwaitedOf, noteClosingOf } from "./finish.ts";
import { isOrdered, wakeFreedLanesOf, wakeLanesOf } from "./lane-wake.ts";

/** So often a run that waited may lose its host without having opened a new wait in between. */
const maxRecoveries = 3;

/** Whether a row of `live_run l` with the fate `j` has never begun. */
const isUntouched = "j.fate = 'back' and l.attempt = 0 and not l.is_recovering";

const lostHost: RunError = {
  type: "INTERNAL_ERROR",
  code: "TASK_RUN_STALLED_EXECUTING",
  message: "The worker host that executed this run was lost.",
};

const lostAgain: RunError = {
  type: "INTERNAL_ERROR",
  code: "TASK_RUN_STALLED_EXECUTING_WITH_WAITPOINTS",
  message:
    "The run lost its process while it waited, was recovered, and lost it again before its code came any further.",
};

/** The parameters $`first` to $`first + 2` of a statement that uses {@link recoverLost}. */
export const lossErrors: readonly string[] = [cancelled, lostHost, lostAgain].map((error) => JSON.stringify(error));

/**
 * The common table expressions that bring runs back that lost their process, and their last query. A claimed run goes back and
 * has used nothing. One that executed has used its attempt; it is queued again if it has another, or else finished. One that waited has used none, but ends
 * after three recoveries without progress. One that was being cancelled ends as canceled. Runs that are queued again keep what they
 * waited for, to be recovered.
 *
 * The common table expression `lost` comes before: held rows of `live_run`, locked by the same statement, with is_blameless where
 * an executing run has not used its attempt. $1 is the environment. `completeAwaited` has to follow in the transaction.
 *
 * @param first - the number of the first of the {@link lossErrors}
 * @returns the SQL; its rows are the runs, with `state` null for finished ones, and whether a slot under a limit came free
 */
export function recoverLost(first: number): string {
  const [cancelledError, lostHostError, lostAgainError] = [`$${first}`, `$${first + 1}`, `$${first + 2}`];
  return `
    judged as materialized (
      select *,
             case
               when state = 'claimed' then 'back'
               when state = 'cancelling' then 'canceled'
               when state = 'executing' and not is_blameless then
                 case when attempt < max_attempts then 'retried' else 'ended' end
               when lost_count >= ${maxRecoveries} then 'given_up'
               else 'recovered'
             end as fate
      from lost
    ),
    attempted_before as (
      insert into attempt (environment_id, run_id, number, version_id, started_at, failed_at, error)
      select $1::uuid, run_id, attempt, version_id, attempt_started_at, now(), ${lostHostError} from judged where fate = 'retried'
    ),
    requeued as (
      update live_run l
      set ${backInLine(isUntouched)}, host_id = null, holds_slot = false, booked_at = null, attempt_started_at = null,
          attempt = l.attempt - (j.fate = 'recovered')::int,
          lost_count = l.lost_count + (j.fate <> 'back')::int,
          is_recovering = l.is_recovering or j.fate <> 'back',
          keeps_place = (j.fate <> 'back' or l.attempt > 0 or l.is_recovering) and ${isOrdered("l")},
          started_at = case when l.attempt - (j.fate = 'recovered')::int > 0 then l.started_at end
      from judged j
      where j.fate in ('back', 'retried', 'recovered')
        and l.environment_id = j.environment_id and l.run_id = j.run_id
      returning l.*
    ),
    woken as (${wakeLanesOf("requeued")}
    ),
    freed_by_loss as (${wakeFreedLanesOf("judged")}
    ),
    ended as (
      select j.*,
             case when j.fate = 'canceled' then 'canceled' else 'system_failure' end as outcome,
             case when j.fate = 'canceled' then 'onCancel' else 'onFailure' end as uncalled_hook,
             case j.fate when 'canceled' then ${cancelledError} when 'given_up' then ${lostAgainError} else ${lostHostError} end as error
      from judged j where j.fate in ('canceled', 'ended', 'given_up')
    ),
    ${finishEnded},
    ${noteClosingOf("ended")},
    ${noteAwaitedOf("ended")}
    select run_id, state, booked_at is not null and is_limited as has_freed, ${hasHooks}
    from (select q.run_id, q.state, j.booked_at, j.is_limited from requeued q join judged j using (run_id)) queued
    union all
    select f.run_id, null, f.has_freed, ${hasHooks} from finished f cross join noted cross join closing`;
}
