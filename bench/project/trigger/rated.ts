import { task } from "@pawl/sdk";

export const rated = task({
  id: "bench.rated",
  queue: { rateLimit: { limit: 100, period: "1s" } },
  run: async (_payload: { n: number }) => undefined,
});
