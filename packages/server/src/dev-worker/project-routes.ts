import {
  type DevStatus,
  devStatusSchema,
  type Project,
  type ProjectEnvironment,
  type ProjectRuntimes,
  projectEnvironmentSchema,
  projectRuntimesSchema,
  projectSchema,
  type WhoAmIAnswer,
  whoAmIAnswerSchema,
} from "@pawl/contract/api/projects";
import { toPublicId } from "@pawl/contract/ids";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { ApiError } from "../api/errors.ts";
import { isSlugOf } from "../api/person-authentication.ts";
import type { Route } from "../api/route.ts";
import { publicUrlOf } from "../api/token-url.ts";
import { parse, pathPart } from "../api/validation.ts";
import type { EnvironmentStore, OpenedProject } from "../engine/environment-ports.ts";
import type { PersonalToken } from "../engine/personal-token-ports.ts";
import type { Presence } from "./presence.ts";

/** A server without accounts has one owner. The domain is one that no mail leaves the machine for. */
const ownerEmail = "owner@pawl.localhost";

/** There are no organizations here: runs see this one as theirs, too. */
const organization = { id: "org_default", title: "default", slug: "default" };

const whoAmIQuerySchema = z.object({ projectRef: z.string().optional() });

/** What the routes need. */
export interface ProjectRouteSettings {
  readonly environments: Pick<EnvironmentStore, "openProject">;
  readonly presence: Pick<Presence, "isHere">;
}

/**
 * The routes by which the holder of a personal token finds its project's environments, with their keys.
 *
 * @param settings - what they need
 * @returns the routes
 */
export function projectRoutes(settings: ProjectRouteSettings): readonly Route[] {
  const { environments, presence } = settings;
  return [
    whoAmIRoute(environments),
    {
      method: "GET",
      path: "/api/v1/projects/runtimes",
      accepts: "personal_token",
      document: {
        summary: "List the projects that a token opens",
        tag: "People",
        answers: { 200: projectRuntimesSchema },
      },
      async answer(_request, _reply, { environmentId }): Promise<ProjectRuntimes> {
        const project = await environments.openProject("", environmentId);
        return project === null ? [] : [toRuntime(toProject(project))];
      },
    },
    {
      method: "GET",
      path: "/api/v1/projects/:ref",
      accepts: "personal_token",
      document: { summary: "Describe a project", tag: "People", answers: { 200: projectSchema } },
      answer: async (request, _reply, person): Promise<Project> =>
        toProject(await openProject(environments, request, person)),
    },
    environmentRoute(environments),
    notificationsRoute(),
    branchesRoute(),
    {
      method: "GET",
      path: "/api/v1/projects/:ref/dev-status",
      accepts: "personal_token",
      document: {
        summary: "Tell whether a dev session is connected to this server",
        tag: "Dev sessions",
        answers: { 200: devStatusSchema },
      },
      async answer(request, _reply, person): Promise<DevStatus> {
        const project = await openProject(environments, request, person);
        const dev = project.environments.filter(({ type }) => type === "DEVELOPMENT");
        return { isConnected: dev.some(({ id }) => presence.isHere(id)) };
      },
    },
  ];
}

function whoAmIRoute(environments: Pick<EnvironmentStore, "openProject">): Route {
  return {
    method: "GET",
    path: "/api/v2/whoami",
    accepts: "personal_token",
    document: {
      summary: "Tell whose token it is, and what its project is called",
      tag: "People",
      query: whoAmIQuerySchema,
      answers: { 200: whoAmIAnswerSchema },
    },
    async answer(request, _reply, person): Promise<WhoAmIAnswer> {
      const { projectRef } = parse(whoAmIQuerySchema, request.query, "query");
      const project =
        projectRef === undefined ? null : await environments.openProject(projectRef, person.environmentId);
      const url = publicUrlOf(request.raw);
      return {
        userId: toPublicId("pat", person.id),
        email: ownerEmail,
        dashboardUrl: url,
        ...(project === null ? {} : { project: { name: project.name, url, orgTitle: organization.title } }),
      };
    },
  };
}

function environmentRoute(environments: Pick<EnvironmentStore, "openProject">): Route {
  return {
    method: "GET",
    path: "/api/v1/projects/:ref/:slug",
    accepts: "personal_token",
    document: {
      summary: "Give an environment's key to the holder of a personal token",
      tag: "People",
      answers: { 200: projectEnvironmentSchema },
    },
    async answer(request, reply, person): Promise<ProjectEnvironment> {
      const project = await openProject(environments, request, person);
      const slug = pathPart(request, "slug");
      const environment = project.environments.find((one) => isSlugOf(slug, one.slug));
      if (environment === undefined) throw noEnvironment(project, slug);
      reply.header("cache-control", "no-store");
      return {
        apiKey: environment.secretKey,
        name: project.name,
        apiUrl: publicUrlOf(request.raw),
        projectId: toPublicId("proj", project.id),
      };
    },
  };
}

async function openProject(
  environments: Pick<EnvironmentStore, "openProject">,
  request: FastifyRequest,
  { environmentId }: PersonalToken,
): Promise<OpenedProject> {
  const ref = pathPart(request, "ref");
  const project = await environments.openProject(ref, environmentId);
  if (project !== null) return project;
  throw new ApiError(
    "not_found",
    `There is no project ${ref} that the token opens. Check its ref and whose token it is.`,
  );
}

function noEnvironment({ environments }: OpenedProject, slug: string): ApiError {
  const names = environments.map((one) => one.slug).join(", ");
  return new ApiError("not_found", `The token opens no environment ${slug} of the project. It opens: ${names}.`);
}

function toProject({ id, ref, name, createdAt }: OpenedProject): Project {
  const at = createdAt.toISOString();
  const owner = { ...organization, createdAt: at };
  return { id: toPublicId("proj", id), externalRef: ref, name, slug: ref, createdAt: at, organization: owner };
}

function toRuntime({ name, slug, externalRef }: Project): ProjectRuntimes[number] {
  return {
    organization: { title: organization.title, slug: organization.slug },
    project: { name, slug, externalRef },
    environment: { slug: "prod" },
    deployment: null,
  };
}

function notificationsRoute(): Route {
  const answerSchema = z.object({ notification: z.null() });
  return {
    method: "GET",
    path: "/api/v1/platform-notifications",
    accepts: "personal_token",
    document: {
      summary: "Tell what a platform's operator wants people to know, which here is nothing",
      tag: "People",
      answers: { 200: answerSchema },
    },
    answer: (): z.infer<typeof answerSchema> => ({ notification: null }),
  };
}

/** Environments have no branches here, and a session that asks for one must not end up in another's runs. */
function branchesRoute(): Route {
  return {
    method: "POST",
    path: "/api/v1/projects/:ref/branches",
    accepts: "personal_token",
    document: { summary: "Refuse a branch of an environment, which Pawl does not offer", tag: "People", answers: {} },
    answer() {
      throw new ApiError(
        "unprocessable",
        "Pawl has no branches of environments. Leave out --branch and TRIGGER_DEV_BRANCH; for another developer, start a server with a data folder of its own.",
        "branch",
      );
    },
  };
}
