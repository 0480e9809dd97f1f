import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequestError, envvars, NotFoundError, PermissionDeniedError, tasks } from "@pawl/sdk";
import type { changesVariables } from "../projects/engine/trigger/env-vars.ts";
import { openEngine, outputOf } from "../stage/engine.ts";

test("environment variables are managed from outside of runs and in them", async (t) => {
  await openEngine(t);
  await envvars.upload("proj_any", "dev", { variables: { KEPT: "1", GONE: "1" } });
  const handle = await tasks.trigger<typeof changesVariables>("changes-variables", undefined);
  assert.deepEqual(await outputOf(handle), { value: "2", names: ["FROM_RUN", "KEPT", "SECRET"] });
  assert.deepEqual(await envvars.list("proj_any", "dev"), [
    { name: "FROM_RUN", value: "2", isSecret: false },
    { name: "KEPT", value: "1", isSecret: false },
    { name: "SECRET", value: "<redacted>", isSecret: true },
  ]);
  await assert.rejects(envvars.retrieve("proj_any", "dev", "GONE"), NotFoundError);
  await assert.rejects(envvars.update("proj_any", "dev", "GONE", { value: "1" }), NotFoundError);
  await assert.rejects(envvars.create("proj_any", "dev", { name: "1A", value: "1" }), BadRequestError);
  await assert.rejects(envvars.list("proj_any", "prod"), PermissionDeniedError);
});
