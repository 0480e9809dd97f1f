import { envvars, task } from "@pawl/sdk";

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
