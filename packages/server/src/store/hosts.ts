import type { HostStore } from "../engine/host-ports.ts";
import { type Database, plainArray } from "./db.ts";
import { lockEnvironment } from "./runs/claim.ts";

/**
 * Hosts and their leases. Times are Postgres's own.
 *
 * @param db - the database
 * @returns the store
 */
export function createHostStore(db: Database): HostStore {
  return {
    async connect(host) {
      const [, rows = []] = await db.transaction([
        lockEnvironment(host.environmentId),
        {
          name: "hosts_connect",
          text: `
            insert into host (id, environment_id, name, version_ids, lease_expires_at)
            values ($1, $2, $3, $4::uuid[], now() + $5::int * interval '1 millisecond')
            on conflict (id) do update
            set version_ids = excluded.version_ids, lease_expires_at = excluded.lease_expires_at, connected_at = now(),
                connection = case when $6::boolean then host.connection else nextval('host_connection') end
            where host.environment_id = excluded.environment_id
            returning connection`,
          values: [
            host.id,
            host.environmentId,
            host.name,
            plainArray(host.versionIds),
            host.leaseMs,
            host.keepsConnection ?? false,
          ],
        },
      ]);
      if (rows.length === 0) throw new Error(`Host ${host.id} belongs to another environment.`);
      return Number(rows[0]?.connection);
    },
    async announce(hostId, versionIds) {
      // Schedules may be able to fire now, or no more: so it comes before or after they are judged. Locks: as lockEnvironment, the host.
      await db.transaction([
        {
          name: "hosts_lock_environment",
          text: "select pg_advisory_xact_lock(hashtextextended(environment_id::text, 0)) from host where id = $1::uuid",
          values: [hostId],
        },
        {
          name: "hosts_announce",
          text: "update host set version_ids = $2::uuid[] where id = $1::uuid",
          values: [hostId, plainArray(versionIds)],
        },
      ]);
    },
    async renew(hostIds, leaseMs) {
      const [row] = await db.query({
        name: "hosts_renew",
        text: `
          with renewed as (
            update host set lease_expires_at = now() + $2::int * interval '1 millisecond' where id = any ($1::uuid[])
            returning id
          )
          select array(select id::text from unnest($1::uuid[]) as asked(id) where id not in (select id from renewed)) as lost_ids,
                 (select extract(epoch from min(lease_expires_at) - now())::float8 * 1000
                  from host where id <> all ($1::uuid[])) as next_loss_in_ms`,
        values: [plainArray(hostIds), leaseMs],
      });
      // The casts state the column types of the statement above, which always has one row.
      return {
        lostIds: (row?.lost_ids ?? []) as readonly string[],
        nextLossInMs: (row?.next_loss_in_ms ?? null) as number | null,
      };
    },
    async shorten(hostId, connection, leaseMs) {
      await db.query({
        name: "hosts_shorten",
        text: `
          update host set lease_expires_at = least(lease_expires_at, now() + $3::int * interval '1 millisecond')
          where id = $1::uuid and connection = $2::int`,
        values: [hostId, connection, leaseMs],
      });
    },
  };
}
