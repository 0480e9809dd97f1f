import assert from "node:assert/strict";
import { test } from "node:test";
import { versionOf, withHost } from "../fixtures/host-under-test.ts";
import { outputOf, pidOf, push, pushParked } from "../fixtures/waiting-runs.ts";

// How many processes a host has, with a real one.

const own = versionOf("waiting-tasks.mjs", "version_1", false);
const spent = ({ type }: { type: string }) => type === "processes_spent";

test("when all processes hold runs that wait, no run is asked for, which is said once; then it goes on", () =>
  withHost({ version: own, maxProcesses: 1, preparedProcesses: 1, maxWithWaiting: 2 }, async (parts) => {
    const { server, host, events } = parts;
    const first = await pushParked(parts);
    const second = await pushParked(parts);
    await server.until(() => server.capacity.ready === 0);
    while (!events.some(spent)) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const [event, ...others] = events.filter(spent);
    assert.ok(event?.type === "processes_spent" && event.processes === 2);
    assert.equal(others.length, 0);
    assert.equal(host.status().processes.length, 2);
    assert.equal(server.capacity.ready + server.capacity.ahead, 0);
    assert.notEqual(await pidOf(parts, first), undefined);
    await server.until(() => server.capacity.ready > 0);
    assert.equal(typeof (await outputOf(parts, push(parts, "pid"))), "number");
    await pidOf(parts, second);
  }));

test("processes that hold parked runs do not keep a run from executing that shares none", () =>
  withHost(
    { version: versionOf("waiting-tasks.mjs"), maxProcesses: 2, preparedProcesses: 1, maxWithWaiting: 4 },
    async (parts) => {
      const { server, host } = parts;
      const parked = [await pushParked(parts), await pushParked(parts)];
      const unshared = [];
      for (let i = 0; i < 2; i++) unshared.push(await pushParked(parts, "wait-unshared"));
      const pids = new Set<unknown>();
      for (const run of unshared) pids.add(await pidOf(parts, run));
      assert.equal(pids.size, 2);
      for (const run of parked) assert.equal(pids.has(await pidOf(parts, run)), false);
      assert.ok(host.status().processes.length <= 4);
      assert.equal(server.returned.length, 0);
    },
  ));
