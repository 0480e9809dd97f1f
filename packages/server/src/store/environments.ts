import { newUuid } from "@pawl/contract/ids";
import type { EnvironmentStore, OpenedEnvironment, OpenedProject } from "../engine/environment-ports.ts";
import type { Environment } from "../engine/ports.ts";
import { hashOf, randomText } from "./codes.ts";
import type { Database, Rows, Statement } from "./db.ts";
import type { Secrets } from "./secrets.ts";

/** An environment with the key that opens it, in the form `tr_dev_…`. */
export type EnvironmentWithKey = OpenedEnvironment;

/** Environments, their keys, and the project that a new installation begins with. */
export interface Environments extends EnvironmentStore {
  /** Makes a project with the environments `dev` and `prod`, unless there is a project, and returns the oldest project's. */
  ensureDefaultProject(): Promise<readonly EnvironmentWithKey[]>;
}

const cacheMs = 30_000;
const maxCached = 1_000;
const purpose = "api_key";

/**
 * Environments on Postgres. A key that was found is remembered for 30 seconds, so that a revoked one works for no longer.
 *
 * @param database - where
 * @param secrets - encrypts keys
 * @param now - the time in milliseconds, for tests
 * @returns the store
 */
export function createEnvironmentStore(
  database: Database,
  secrets: Secrets,
  now: () => number = () => performance.now(),
): Environments {
  const cache = new Map<string, { readonly environment: Promise<Environment | null>; readonly expiresAt: number }>();
  return {
    async findByKey(key) {
      const cached = cache.get(key);
      if (cached !== undefined && cached.expiresAt > now()) return cached.environment;
      cache.delete(key);
      const environment = find(database, key);
      if (cache.size >= maxCached) cache.clear();
      cache.set(key, { environment, expiresAt: now() + cacheMs });
      // Only what exists is remembered: a new key works at once, and guesses fill nothing.
      const forget = () => cache.get(key)?.environment === environment && cache.delete(key);
      environment.then((found) => found === null && forget(), forget);
      return environment;
    },
    async withKeys(environmentId) {
      const rows = await database.query(findKeysOf(environmentId));
      const [first] = rows;
      if (first === undefined) return null;
      return { environment: toEnvironment(first), keys: readKeys(rows, secrets).map(({ secretKey }) => secretKey) };
    },
    async ofToken(waitpointId) {
      const [row] = await database.query({
        name: "environments_of_token",
        text: `select e.id from environment e
               where exists (
                 select from waitpoint w where w.environment_id = e.id and w.id = $1::uuid and w.kind = 'token')`,
        values: [waitpointId],
      });
      return row === undefined ? null : String(row.id);
    },
    async openProject(ref, environmentId) {
      return toProject(await database.query(findProject(ref, environmentId)), secrets);
    },
    async ensureDefaultProject() {
      await database.transaction(makeDefaultProject(secrets));
      return readKeys(await database.query(findDefaultKeys()), secrets);
    },
  };
}

async function find(database: Database, key: string): Promise<Environment | null> {
  const [row] = await database.query({
    name: "environments_find_by_key",
    text: `select environment.id, environment.slug, environment.type, environment.project_id, project.ref, project.name
           from api_key
           join environment on environment.id = api_key.environment_id
           join project on project.id = environment.project_id
           where api_key.hash = $1 and (api_key.revoked_at is null or api_key.revoked_at > now())`,
    values: [hashOf(key)],
  });
  return row === undefined ? null : toEnvironment(row);
}

function toEnvironment(row: Rows[number]): Environment {
  return {
    id: String(row.id),
    slug: String(row.slug),
    type: row.type as Environment["type"], // the table's CHECK names the same four
    projectId: String(row.project_id),
    projectRef: String(row.ref),
    projectName: String(row.name),
  };
}

const defaultEnvironments = [
  { slug: "dev", type: "DEVELOPMENT", keyPrefix: "tr_dev_" },
  { slug: "prod", type: "PRODUCTION", keyPrefix: "tr_prod_" },
] as const;

/** One server makes the project; others wait for the lock, and then find it. */
function makeDefaultProject(secrets: Secrets): readonly Statement[] {
  return [
    { name: "environments_lock", text: "select pg_advisory_xact_lock(hashtext('pawl default project'))", values: [] },
    {
      name: "environments_make_project",
      text: "insert into project (id, ref, name) select $1, $2, 'default' where not exists (select from project)",
      values: [newUuid(), `proj_${randomText(20)}`],
    },
    ...defaultEnvironments.flatMap(({ slug, type, keyPrefix }) => {
      const key = `${keyPrefix}${randomText(24)}`;
      return [
        {
          name: "environments_make",
          text: `insert into environment (id, project_id, slug, type)
                 select $1, id, $2, $3 from project order by created_at, id limit 1
                 on conflict do nothing`,
          values: [newUuid(), slug, type],
        },
        {
          name: "environments_make_key",
          text: `insert into api_key (hash, environment_id, ciphertext)
                 select $1, environment.id, $2 from environment
                 where project_id = (select id from project order by created_at, id limit 1) and slug = $3
                   and not exists (select from api_key where environment_id = environment.id and revoked_at is null)`,
          values: [hashOf(key), secrets.seal(key, purpose), slug],
        },
      ];
    }),
  ];
}

function findKeysOf(environmentId: string): Statement {
  return {
    name: "environments_keys",
    text: `select environment.id, environment.slug, environment.type, environment.project_id, project.ref, project.name, api_key.ciphertext
           from environment
           join project on project.id = environment.project_id
           join api_key on api_key.environment_id = environment.id
             and (api_key.revoked_at is null or api_key.revoked_at > now())
           where environment.id = $1::uuid
           order by api_key.created_at desc`,
    values: [environmentId],
  };
}

function findDefaultKeys(): Statement {
  return {
    name: "environments_default_keys",
    text: `select distinct on (environment.id) environment.id, environment.slug, environment.type, environment.project_id, project.ref,
             project.name, api_key.ciphertext
           from project
           join environment on environment.project_id = project.id
           join api_key on api_key.environment_id = environment.id and api_key.revoked_at is null
           where project.id = (select id from project order by created_at, id limit 1)
           order by environment.id, api_key.created_at desc`,
    values: [],
  };
}

function readKeys(rows: Rows, secrets: Secrets): readonly EnvironmentWithKey[] {
  return rows.map((row) => ({
    ...toEnvironment(row),
    secretKey: secrets.open(row.ciphertext as Buffer, purpose), // a bytea column
  }));
}

/**
 * Finds a project with the newest key of each environment. While an installation has one project, every ref names it: a
 * configuration that was written for another server works as it is.
 */
function findProject(ref: string, environmentId: string | null): Statement {
  return {
    name: "environments_find_project",
    text: `select distinct on (environment.id) environment.id, environment.slug, environment.type, environment.project_id, project.ref,
             project.name, api_key.ciphertext, project.created_at as project_created_at
           from project
           join environment on environment.project_id = project.id
           join api_key on api_key.environment_id = environment.id and api_key.revoked_at is null
           where (project.ref = $1 or (select count(*) from project) = 1)
             and ($2::uuid is null or environment.id = $2::uuid)
           order by environment.id, api_key.created_at desc`,
    values: [ref, environmentId],
  };
}

function toProject(rows: Rows, secrets: Secrets): OpenedProject | null {
  const [first] = rows;
  if (first === undefined) return null;
  return {
    id: String(first.project_id),
    ref: String(first.ref),
    name: String(first.name),
    createdAt: first.project_created_at as Date, // a timestamptz column
    environments: readKeys(rows, secrets),
  };
}
