import { schedules } from "@pawl/sdk";
import { between } from "../marks.ts";

/** Run by the schedules that tests make. */
export const scheduled = schedules.task({
  id: "scheduled",
  run: async ({ externalId }, { ctx }) => between(ctx, () => externalId ?? null),
});
