import type { EnvVar, EnvVarStore } from "../engine/env-var-ports.ts";
import type { Database, Rows } from "./db.ts";
import type { Secrets } from "./secrets.ts";

/** Counts a change, where there is one: `changed` has a row for each. A row of its own says that there was. Locks: the environment. */
const countChange = `
          update environment set env_vars_version = env_vars_version + 1
          where id = $1::uuid and exists (select from changed)
          returning 1`;

/**
 * Environment variables on Postgres. A value opens under the environment and the name that it was written for only.
 *
 * @param db - the database
 * @param secrets - encrypts values
 * @returns the store
 */
export function createEnvVarStore(db: Database, secrets: Secrets): EnvVarStore {
  const purposeOf = (environmentId: string, name: string) => `env_var ${environmentId} ${name}`;
  const seal = (environmentId: string, name: string, value: string) =>
    secrets.seal(value, purposeOf(environmentId, name)).toString("base64");
  const toEnvVar = (environmentId: string, row: Rows[number]): EnvVar => {
    const name = String(row.name);
    const value = secrets.open(row.ciphertext as Buffer, purposeOf(environmentId, name)); // a bytea column
    return { name, value, isSecret: row.is_secret === true };
  };
  return {
    async list(environmentId) {
      const rows = await db.query({
        name: "env_vars_list",
        text: "select name, ciphertext, is_secret from env_var where environment_id = $1::uuid order by name",
        values: [environmentId],
      });
      return rows.map((row) => toEnvVar(environmentId, row));
    },
    async forProcesses(environmentId) {
      // One statement, so that the number and the variables are of one moment.
      const rows = await db.query({
        name: "env_vars_for_processes",
        text: `
          select e.env_vars_version as version, v.name, v.ciphertext, v.is_secret
          from environment e left join env_var v on v.environment_id = e.id
          where e.id = $1::uuid order by v.name`,
        values: [environmentId],
      });
      const variables = rows.filter((row) => row.name !== null).map((row) => toEnvVar(environmentId, row));
      return { version: Number(rows[0]?.version ?? 0), variables };
    },
    async retrieve(environmentId, name) {
      const [row] = await db.query({
        name: "env_vars_retrieve",
        text: "select name, ciphertext, is_secret from env_var where environment_id = $1::uuid and name = $2",
        values: [environmentId, name],
      });
      return row === undefined ? null : toEnvVar(environmentId, row);
    },
    async set(environmentId, variables, { isSecret, replace }) {
      const sealed = variables.map(({ name, value }) => ({ name, sealed: seal(environmentId, name, value) }));
      // Locks: the rows, in the order of their names, then the environment.
      await db.query({
        name: "env_vars_set",
        text: `
          with changed as (
            insert into env_var as e (environment_id, name, ciphertext, is_secret)
            select $1::uuid, g.name, decode(g.sealed, 'base64'), coalesce($3::boolean, false)
            from json_to_recordset($2::json) as g(name text, sealed text)
            order by g.name
            on conflict (environment_id, name) do update
            set ciphertext = excluded.ciphertext, is_secret = coalesce($3::boolean, e.is_secret), updated_at = now()
            where $4::boolean
            returning 1
          )
          ${countChange}`,
        values: [environmentId, JSON.stringify(sealed), isSecret, replace],
      });
    },
    async update(environmentId, name, value) {
      const rows = await db.query({
        name: "env_vars_update",
        text: `
          with changed as (
            update env_var set ciphertext = decode($3, 'base64'), updated_at = now()
            where environment_id = $1::uuid and name = $2
            returning 1
          )
          ${countChange}`,
        values: [environmentId, name, seal(environmentId, name, value)],
      });
      return rows.length > 0;
    },
    async remove(environmentId, name) {
      const rows = await db.query({
        name: "env_vars_remove",
        text: `
          with changed as (delete from env_var where environment_id = $1::uuid and name = $2 returning 1)
          ${countChange}`,
        values: [environmentId, name],
      });
      return rows.length > 0;
    },
  };
}
