import { task } from "@pawl/sdk";

export const noop = task({ id: "bench.noop", run: async (_payload: { n: number }) => undefined });
