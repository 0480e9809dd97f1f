import { schedules } from "@pawl/sdk";

export const scheduled = schedules.task({ id: "bench.scheduled", run: async () => undefined });
