/** A lane without a token opens no later than this after its first one, so that a few runs start together, in milliseconds. */
const mostGatheredMs = 20;

/** Whose bucket: that of a key of a queue, or that of all its keys together. */
interface Bucket {
  readonly isCombined: boolean;
  readonly interval: string;
  readonly burst: string;
  /** The columns of a lane that it belongs to. */
  readonly keys: readonly string[];
}

const ofKeys: Bucket = {
  isCombined: false,
  interval: "interval_ms",
  burst: "burst",
  keys: ["queue_name", "concurrency_key"],
};

const ofQueues: Bucket = {
  isCombined: true,
  interval: "combined_interval_ms",
  burst: "combined_burst",
  keys: ["queue_name"],
};

/**
 * The common table expressions `key_bucket` and `queue_bucket`: of the lanes in `ready` that have a rate, what their buckets hold.
 * A bucket that is emptier than empty, since a slower rate held when it was written, is empty from now on (is_cut).
 */
export const readBuckets = [bucketsOf("key_bucket", ofKeys), bucketsOf("queue_bucket", ofQueues)].join(",");

function bucketsOf(name: string, { isCombined, interval, burst, keys }: Bucket): string {
  return `
  ${name} as materialized (
    select *, floor(burst - extract(epoch from full_at - statement_timestamp())::float8 * 1000 / interval_ms + 1e-9)::int as tokens
    from (
      select r.*, b.place, greatest(statement_timestamp(), least(coalesce(b.full_at, '-infinity'), e.empty_at)) as full_at,
             coalesce(b.full_at > e.empty_at, false) as is_cut
      from (
        select distinct ${keys.join(", ")}, ${interval} as interval_ms, ${burst} as burst from ready
        where ${interval} is not null
      ) r
      cross join lateral (
        select statement_timestamp() + r.burst * r.interval_ms * interval '1 millisecond' as empty_at
      ) e
      left join lateral (
        select b.ctid as place, b.full_at from rate_bucket b
        where b.environment_id = $1::uuid and b.queue_name = r.queue_name and b.is_combined = ${isCombined}
          and b.concurrency_key = ${isCombined ? "''" : "r.concurrency_key"}
        order by b.full_at desc limit 1
      ) b on true
    ) f
  )`;
}

/**
 * The common table expressions that take a token for each run in `claimed`: the buckets after the claim are `spent_keys` and
 * `spent_queues`, with opens_at where nothing is left. Comes after `got`. Writes the buckets.
 */
export const spendTokens = `
  spent_keys as materialized (${spentOf("key_bucket", ofKeys, "select g.got from got g where g.queue_name = b.queue_name and g.concurrency_key = b.concurrency_key")}
  ),
  spent_queues as materialized (${spentOf("queue_bucket", ofQueues, "select sum(g.got) from got g where g.queue_name = b.queue_name")}
  ),
  spent as materialized (
    select queue_name, false as is_combined, concurrency_key, place, full_at from spent_keys where got > 0 or is_cut
    union all
    select queue_name, true, '', place, full_at from spent_queues where got > 0 or is_cut
  ),
  filled as (
    update rate_bucket b set full_at = s.full_at from spent s where b.ctid = s.place
  ),
  begun as (
    insert into rate_bucket (environment_id, queue_name, is_combined, concurrency_key, full_at)
    select $1::uuid, queue_name, is_combined, concurrency_key, full_at from spent where place is null
  )`;

/** A lane opens when half a burst is there, but soon after the first token at the latest; a microsecond more, since times are rounded. */
function spentOf(bucket: string, { keys }: Bucket, got: string): string {
  const first = "full_at + (1 - burst) * interval_ms * interval '1 millisecond'";
  return `
    select s.*, case when tokens <= got then greatest(
             ${first} + least((ceil(burst / 2.0) - 1) * interval_ms, ${mostGatheredMs}) * interval '1 millisecond' + interval '1 microsecond',
             (select opens_from from scope)) end as opens_at
    from (
      select ${keys.join(", ")}, interval_ms, burst, tokens, is_cut, place, got,
             full_at + got * interval_ms * interval '1 millisecond' as full_at
      from ${bucket} b cross join lateral (select coalesce((${got}), 0)::int as got) t
    ) s`;
}
