import { z } from "zod";

/** The answer of `GET /api/v2/whoami`. */
export const whoAmIAnswerSchema = z.object({
  userId: z.string(),
  /** A server without accounts has one owner, whose address is none that mail could reach. */
  email: z.email(),
  dashboardUrl: z.string(),
  /** The project that was asked for, if there is one. */
  project: z.object({ name: z.string(), url: z.string(), orgTitle: z.string() }).optional(),
});

/** The answer of `GET /api/v2/whoami`. */
export type WhoAmIAnswer = z.infer<typeof whoAmIAnswerSchema>;

/** The answer of `GET /api/v1/projects/:ref/:slug`: an environment, and how to call it. */
export const projectEnvironmentSchema = z.object({
  apiKey: z.string(),
  /** Of the project. */
  name: z.string(),
  apiUrl: z.string(),
  projectId: z.string(),
});

/** An environment of a project, and how to call it. */
export type ProjectEnvironment = z.infer<typeof projectEnvironmentSchema>;

/** The answer of `GET /api/v1/projects/:ref/dev-status`. */
export const devStatusSchema = z.object({ isConnected: z.boolean() });

/** Whether a dev session of the project is connected. */
export type DevStatus = z.infer<typeof devStatusSchema>;

/** A project as it is listed. */
export const projectSchema = z.object({
  id: z.string(),
  /** `proj_…` */
  externalRef: z.string(),
  name: z.string(),
  slug: z.string(),
  createdAt: z.string(),
  organization: z.object({ id: z.string(), title: z.string(), slug: z.string(), createdAt: z.string() }),
});

/** A project as it is listed. */
export type Project = z.infer<typeof projectSchema>;

/** The answer of `GET /api/v1/projects/runtimes`: the projects that a token opens, and which Node their deployments have. */
export const projectRuntimesSchema = z.array(
  z.object({
    organization: z.object({ title: z.string(), slug: z.string() }),
    project: z.object({ name: z.string(), slug: z.string(), externalRef: z.string() }),
    environment: z.object({ slug: z.string() }),
    deployment: z.null(),
  }),
);

/** The projects that a token opens. */
export type ProjectRuntimes = z.infer<typeof projectRuntimesSchema>;
