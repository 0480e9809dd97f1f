import {
  createEnvVarBodySchema,
  type EnvVarAnswer,
  type EnvVarChangeAnswer,
  importEnvVarsBodySchema,
  type ProcessEnvVars,
  updateEnvVarBodySchema,
} from "@pawl/contract/api/env-vars";
import { type HostEnvVars, hostEnvVarsPath } from "@pawl/contract/worker-protocol";
import type { FastifyRequest } from "fastify";
import type { EnvVar, EnvVarStore } from "../../engine/env-var-ports.ts";
import type { Environment } from "../../engine/ports.ts";
import { ApiError } from "../errors.ts";
import { isSlugOf } from "../person-authentication.ts";
import type { Route } from "../route.ts";
import { notFound, parse, pathPart, refuseNul } from "../validation.ts";
import { envVarDocuments } from "./env-var-documents.ts";

const base = "/api/v1/projects/:ref/envvars";
const changed: EnvVarChangeAnswer = { success: true };

/** An import is longer than other bodies. */
const importBodyLimit = 8 * 1024 * 1024;

/**
 * The routes of environment variables, below `/api/v1/projects/:ref/envvars`. The key says of which environment: the project's
 * ref is not looked at, and the slug has to be that environment's. A personal token goes by both.
 *
 * @param envVars - keeps them
 * @param onChanged - told of the environment whose variables were changed
 * @returns the routes
 */
export function envVarRoutes(envVars: EnvVarStore, onChanged: (environmentId: string) => void): readonly Route[] {
  return [
    {
      method: "GET",
      path: base,
      accepts: "environment_key",
      document: envVarDocuments.ofProcesses,
      async answer(_request, _reply, { environment }): Promise<ProcessEnvVars> {
        const all = await envVars.list(environment.id);
        return { variables: Object.fromEntries(all.map(({ name, value }) => [name, value])) };
      },
    },
    {
      method: "GET",
      path: `${base}/:slug`,
      accepts: "project_key",
      document: envVarDocuments.list,
      async answer(request, _reply, { environment }): Promise<readonly EnvVarAnswer[]> {
        requireSlug(request, environment);
        return (await envVars.list(environment.id)).map(toAnswer);
      },
    },
    {
      method: "GET",
      path: `${base}/:slug/:name`,
      accepts: "project_key",
      document: envVarDocuments.retrieve,
      async answer(request, _reply, { environment }): Promise<EnvVarAnswer> {
        requireSlug(request, environment);
        const name = nameOf(request);
        const found = await envVars.retrieve(environment.id, name);
        if (found === null) throw notFound("environment variable", name);
        return toAnswer(found);
      },
    },
    hostEnvVarsRoute(envVars),
    ...changingRoutes(envVars, onChanged),
  ];
}

/** `GET /worker/v1/env-vars`: what a host gives its processes, and how often it was changed. */
function hostEnvVarsRoute(envVars: EnvVarStore): Route {
  return {
    method: "GET",
    path: hostEnvVarsPath,
    accepts: "environment_key",
    async answer(_request, _reply, { environment }): Promise<HostEnvVars> {
      const { version, variables } = await envVars.forProcesses(environment.id);
      return { version, variables: Object.fromEntries(variables.map(({ name, value }) => [name, value])) };
    },
  };
}

function changingRoutes(envVars: EnvVarStore, onChanged: (environmentId: string) => void): readonly Route[] {
  return [
    {
      method: "POST",
      path: `${base}/:slug`,
      accepts: "project_key",
      document: envVarDocuments.create,
      async answer(request, _reply, { environment }): Promise<EnvVarChangeAnswer> {
        requireSlug(request, environment);
        const { name, value, isSecret = null } = parse(createEnvVarBodySchema, request.body ?? {}, "body");
        refuseNul(value, "value");
        await envVars.set(environment.id, [{ name, value }], { isSecret, replace: true });
        onChanged(environment.id);
        return changed;
      },
    },
    {
      method: "POST",
      path: `${base}/:slug/import`,
      accepts: "project_key",
      bodyLimit: importBodyLimit,
      document: envVarDocuments.import,
      async answer(request, _reply, { environment }): Promise<EnvVarChangeAnswer> {
        requireSlug(request, environment);
        const body = parse(importEnvVarsBodySchema, request.body ?? {}, "body");
        const variables = Object.entries(body.variables).map(([name, value]) => ({ name, value }));
        for (const { name, value } of variables) refuseNul(value, `variables.${name}`);
        const options = { isSecret: body.isSecret ?? null, replace: body.override ?? false };
        await envVars.set(environment.id, variables, options);
        onChanged(environment.id);
        return changed;
      },
    },
    {
      method: "PUT",
      path: `${base}/:slug/:name`,
      accepts: "project_key",
      document: envVarDocuments.change,
      async answer(request, _reply, { environment }): Promise<EnvVarChangeAnswer> {
        requireSlug(request, environment);
        const { value } = parse(updateEnvVarBodySchema, request.body ?? {}, "body");
        refuseNul(value, "value");
        const name = nameOf(request);
        if (!(await envVars.update(environment.id, name, value))) throw notFound("environment variable", name);
        onChanged(environment.id);
        return changed;
      },
    },
    {
      method: "DELETE",
      path: `${base}/:slug/:name`,
      accepts: "project_key",
      document: envVarDocuments.remove,
      async answer(request, _reply, { environment }): Promise<EnvVarChangeAnswer> {
        requireSlug(request, environment);
        const name = nameOf(request);
        if (!(await envVars.remove(environment.id, name))) throw notFound("environment variable", name);
        onChanged(environment.id);
        return changed;
      },
    },
  ];
}

function toAnswer({ name, value, isSecret }: EnvVar): EnvVarAnswer {
  return { name, value: isSecret ? "<redacted>" : value, isSecret };
}

function nameOf(request: FastifyRequest): string {
  const name = pathPart(request, "name");
  refuseNul(name, "name");
  return name;
}

function requireSlug(request: FastifyRequest, { slug }: Environment): void {
  const asked = pathPart(request, "slug");
  if (isSlugOf(asked, slug)) return;
  throw new ApiError(
    "forbidden",
    `The secret key is that of the environment ${slug}. Use the key of ${asked} for its variables.`,
    "slug",
  );
}
