import assert from "node:assert/strict";
import { test } from "node:test";
import { type HostUnderTest, versionOf, withHost } from "../fixtures/host-under-test.ts";

const version = versionOf("variables.mjs");

async function outputOf({ server }: HostUnderTest, taskId: string, payload: unknown): Promise<unknown> {
  const [run] = server.push({ taskId, payload: JSON.stringify(payload) });
  assert.ok(run);
  const result = await server.resultInTheEnd(run);
  assert.ok(result.kind === "completed", JSON.stringify(result));
  return result.output;
}

test("a run has the variables as they were when it was claimed, whatever its host knew", () =>
  withHost({ version }, async (parts) => {
    const { server } = parts;
    assert.equal(await outputOf(parts, "reads", "PAWL_TEST_A"), "unset");
    server.envVars = { version: 1, variables: { PAWL_TEST_A: "first" } };
    assert.equal(await outputOf(parts, "reads", "PAWL_TEST_A"), "first");
    server.envVars = { version: 2, variables: { PAWL_TEST_A: "second" } };
    assert.equal(await outputOf(parts, "reads", "PAWL_TEST_A"), "second");
    server.envVars = { version: 3, variables: {} };
    assert.equal(await outputOf(parts, "reads", "PAWL_TEST_A"), "unset");
  }));

test("a warm process is used again while nothing changes, and never with another set", () =>
  withHost({ version, preparedProcesses: 1 }, async (parts) => {
    const { server } = parts;
    server.envVars = { version: 1, variables: { PAWL_TEST_A: "1" } };
    const pids = [];
    for (let i = 0; i < 3; i++) pids.push(await outputOf(parts, "pid", null));
    assert.equal(new Set(pids).size, 1);
    server.envVars = { version: 2, variables: { PAWL_TEST_A: "1" } };
    assert.equal(await outputOf(parts, "pid", null), pids[0], "what was set to the same value is no other set");
    server.envVars = { version: 3, variables: { PAWL_TEST_A: "2" } };
    assert.notEqual(await outputOf(parts, "pid", null), pids[0]);
  }));

test("a run that waits goes on in its process, with the variables that it began with", () =>
  withHost({ version }, async (parts) => {
    const { server } = parts;
    server.envVars = { version: 1, variables: { PAWL_TEST_A: "old" } };
    const [parked] = server.push({ taskId: "reads-around-a-wait", payload: '"PAWL_TEST_A"' });
    assert.ok(parked);
    const [wait = ""] = await server.untilAwaits(parked);
    server.envVars = { version: 2, variables: { PAWL_TEST_A: "new" } };
    assert.equal(await outputOf(parts, "reads", "PAWL_TEST_A"), "new");
    server.resume(parked, { wait, result: { kind: "time" } });
    const result = await server.resultOf(parked);
    assert.equal(result.kind === "completed" && result.output, "old, old");
  }));

test("the project's own variables go before the server's, and both before those of the host", async () => {
  process.env.PAWL_TEST_HOST = "host";
  process.env.PAWL_TEST_BOTH = "host";
  const projectVariables = { PAWL_TEST_PROJECT: "project", PAWL_TEST_BOTH: "project" };
  await withHost({ version, projectVariables }, async (parts) => {
    const variables = { PAWL_TEST_HOST: "server", PAWL_TEST_BOTH: "server", PAWL_TEST_PROJECT: "server" };
    parts.server.envVars = { version: 1, variables: { ...variables, TRIGGER_SECRET_KEY: "other" } };
    assert.equal(await outputOf(parts, "reads", "PAWL_TEST_HOST"), "server");
    assert.equal(await outputOf(parts, "reads", "PAWL_TEST_BOTH"), "project");
    assert.equal(await outputOf(parts, "reads", "PAWL_TEST_PROJECT"), "project");
    assert.equal(await outputOf(parts, "reads", "TRIGGER_SECRET_KEY"), parts.server.secretKey);
  });
});

test("a change is told, and processes are prepared with it before a run comes", () =>
  withHost({ version, preparedProcesses: 1 }, async (parts) => {
    const { server, host } = parts;
    const before = new Set(host.status().processes.map(({ id }) => id));
    server.envVars = { version: 1, variables: { PAWL_TEST_A: "1" } };
    server.capacity = { ...server.capacity, ready: 0 };
    server.send({ type: "env_vars_changed" });
    const isReplaced = () => host.status().processes.some(({ id, state }) => state === "idle" && !before.has(id));
    await server.until(() => server.capacity.ready > 0 && isReplaced());
    assert.equal(await outputOf(parts, "reads", "PAWL_TEST_A"), "1");
  }));

test("a bundle that needs a variable when it is imported has it", () =>
  withHost({ version: null }, async ({ server, host }) => {
    server.envVars = { version: 1, variables: { PAWL_TEST_NEEDED: "1" } };
    await host.addVersion(versionOf("needs-variable.mjs"));
    await assert.doesNotReject(server.until(() => server.capacity.ready > 0));
  }));
