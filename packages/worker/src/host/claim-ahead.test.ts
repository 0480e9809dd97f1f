import assert from "node:assert/strict";
import { test } from "node:test";
import { withHost } from "../fixtures/host-under-test.ts";

// The rules for runs that are claimed ahead, with a real host and one process.

const oneProcess = { maxProcesses: 1, preparedProcesses: 1 };
const ids = (claims: readonly { runId: string }[]) => claims.map(({ runId }) => runId);

test("a run claimed ahead executes only after its start is acknowledged", () =>
  withHost(oneProcess, async ({ server, events }) => {
    server.holdsAcks = true;
    const [run] = server.push({ taskId: "noop", isStarted: false });
    assert.ok(run);
    await server.until(() => server.started.length === 1);
    assert.deepEqual(ids(server.started), [run.runId]);
    assert.equal(
      events.some(({ type }) => type === "run_started"),
      false,
    );
    server.releaseAcks();
    assert.equal((await server.resultOf(run)).kind, "completed");
  }));

test("the report with a result carries the start of the next run", () =>
  withHost(oneProcess, async ({ server }) => {
    for (let isDone = false; !isDone; ) {
      const [first, next] = server.push({ taskId: "sleep", payload: '{"ms":5}' }, { taskId: "noop", isStarted: false });
      assert.ok(first && next);
      const isBack = () => ids(server.returned).includes(next.runId); // the first took longer than runs lie here
      await server.until(() => server.results.has(`${next.runId}:1`) || isBack());
      if (isBack()) continue;
      const report = server.reports.find(({ results }) => results.some(({ runId }) => runId === first.runId));
      assert.deepEqual(ids(report?.started ?? []), [next.runId]);
      isDone = true;
    }
  }));

test("a start that comes too late does not execute", () =>
  withHost(oneProcess, async ({ server, events }) => {
    server.holdsAcks = true;
    const [lost] = server.push({ taskId: "noop", isStarted: false });
    await server.until(() => server.started.length === 1);
    assert.ok(lost);
    server.lost = [{ runId: lost.runId, fence: lost.fence }];
    server.releaseAcks();
    const [other] = server.push({ taskId: "noop" });
    assert.ok(other);
    await server.resultOf(other);
    assert.deepEqual(
      events.flatMap((event) => (event.type === "run_started" ? [event.run.runId] : [])),
      [other.runId],
    );
  }));

test("what is held ahead goes back when no process has become free for 50 ms", () =>
  withHost(oneProcess, async ({ server }) => {
    const [long, ahead] = server.push(
      { taskId: "sleep", payload: '{"ms":60000}' },
      { taskId: "noop", isStarted: false },
    );
    assert.ok(long && ahead);
    const pushedAt = performance.now();
    await server.until(() => server.returned.length === 1);
    assert.deepEqual(ids(server.returned), [ahead.runId]);
    assert.ok(performance.now() - pushedAt >= 50);
    await server.until(() => server.capacity.ahead === 0);
  }));

test("what is held ahead goes back when the server asks; what has started stays", () =>
  withHost(oneProcess, async ({ server }) => {
    const [busy, ahead] = server.push({ taskId: "sleep", payload: '{"ms":40}' }, { taskId: "noop", isStarted: false });
    assert.ok(busy && ahead);
    server.send({ type: "recall", runs: [busy, ahead].map(({ runId, fence }) => ({ runId, fence })) });
    await server.until(() => server.returned.length > 0);
    assert.deepEqual(ids(server.returned), [ahead.runId]);
    assert.equal((await server.resultOf(busy)).kind, "completed");
    assert.equal(server.started.length, 0);
  }));

test("what is held ahead goes back when the host stops", () =>
  withHost(oneProcess, async ({ server, host, untilStarted }) => {
    const [busy, ahead] = server.push({ taskId: "sleep", payload: '{"ms":40}' }, { taskId: "noop", isStarted: false });
    assert.ok(busy && ahead);
    await untilStarted(busy);
    await host.stop({ graceMs: 5_000 });
    assert.deepEqual(ids(server.returned), [ahead.runId]);
    assert.equal((await server.resultOf(busy)).kind, "completed");
    assert.equal(server.capacity.ready + server.capacity.ahead, 0);
  }));

test("runs are asked for ahead while they are short, and no longer once they are long", () =>
  withHost({ maxProcesses: 2, preparedProcesses: 2 }, async ({ server }) => {
    await server.until(() => server.capacity.ready === 2);
    assert.ok(server.capacity.ahead <= 2, "few before anything is known");
    for (let i = 0; i < 10; i++) {
      const [run] = server.push({ taskId: "noop" });
      assert.ok(run);
      await server.resultOf(run);
    }
    await server.until(() => server.capacity.ready === 2 && server.capacity.ahead >= 16);
    const [long] = server.push({ taskId: "sleep", payload: '{"ms":1000}' });
    assert.ok(long);
    await server.resultOf(long);
    await server.until(() => server.capacity.ready === 2 && server.capacity.ahead === 0);
  }));

test("very short runs queue up in their process; behind a long one they come back", () =>
  withHost(oneProcess, async ({ server }) => {
    for (let i = 0; i < 10; i++) {
      const [run] = server.push({ taskId: "noop" });
      assert.ok(run);
      await server.resultOf(run);
    }
    const [long, ...others] = server.push(
      { taskId: "sleep", payload: '{"ms":60000}' },
      ...Array.from({ length: 5 }, () => ({ taskId: "noop" })),
    );
    assert.ok(long);
    await server.until(() => server.returned.length === 5);
    assert.deepEqual(ids(server.returned).sort(), ids(others).sort());
  }));

test("behind one that blocks its process they come back too, and do not execute there", () =>
  withHost(oneProcess, async ({ server, events }) => {
    for (let i = 0; i < 10; i++) {
      const [run] = server.push({ taskId: "noop" });
      assert.ok(run);
      await server.resultOf(run);
    }
    const [blocking, ...others] = server.push(
      { taskId: "block", payload: '{"ms":3000}' },
      ...Array.from({ length: 5 }, () => ({ taskId: "noop" })),
    );
    assert.ok(blocking);
    await server.until(() => server.returned.length === 5);
    assert.deepEqual(ids(server.returned).sort(), ids(others).sort());
    assert.equal(server.results.has(`${blocking.runId}:1`), false, "while the process is still blocked");
    await server.resultOf(blocking);
    const [next] = server.push({ taskId: "noop" });
    assert.ok(next);
    await server.resultOf(next);
    const finished = events.flatMap((event) => (event.type === "run_finished" ? [event.run.runId] : []));
    assert.deepEqual(finished.slice(10), [blocking.runId, next.runId]);
  }));
