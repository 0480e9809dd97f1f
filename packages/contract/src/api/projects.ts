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
