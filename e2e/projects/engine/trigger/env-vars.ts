import { envvars, task, wait } from "@pawl/sdk";
import { mark } from "../marks.ts";

/** Changes the variables of the environment that it is in. */
export const changesVariables = task({
  id: "changes-variables",
  run: async () => {
    await envvars.upload({ variables: { FROM_RUN: "1", KEPT: "other" } });
    await envvars.create({ name: "SECRET", value: "s3cret", isSecret: true });
    await envvars.update("FROM_RUN", { value: "2" });
    const { value } = await envvars.retrieve("FROM_RUN");
    await envvars.del("GONE");
    return { value, names: (await envvars.list()).map(({ name }) => name) };
  },
});

/** Reads one of them, before and after a wait where it gets a gate to wait for. */
export const readsVariable = task({
  id: "reads-variable",
  run: async (payload: { name: string; tokenId?: string }, { ctx }) => {
    const before = process.env[payload.name] ?? null;
    mark(ctx, "start", before);
    if (payload.tokenId !== undefined) await wait.forToken(payload.tokenId);
    return { before, after: process.env[payload.name] ?? null, pid: process.pid };
  },
});
