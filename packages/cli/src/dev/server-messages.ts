import { z } from "zod";

/** What a server that belongs to another process tells it over Node's IPC channel. */
export const serverProcessMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("ready"),
    url: z.string(),
    environments: z.array(z.object({ slug: z.string(), secretKey: z.string() })),
  }),
  /** It can't start; the message is a sentence for the user, or a stack where it is a bug. */
  z.object({ type: z.literal("failed"), message: z.string() }),
  /** Something for the operator's eyes, such as the code of a login. */
  z.object({ type: z.literal("says"), message: z.string() }),
]);

/** A message of a server to the process that it belongs to. */
export type ServerProcessMessage = z.infer<typeof serverProcessMessageSchema>;
