import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { type ActiveRun, type RunCell, runtime } from "../runtime.ts";
import { task } from "../tasks/define-task.ts";
import { tasks } from "../trigger/tasks-api.ts";

beforeEach(() => {
  runtime().tasks.clear();
  runtime().globalHooks.splice(0);
});

afterEach(() => {
  runtime().context = null;
});

/** Makes the code of this test that of a cell, as a run process does. */
function inContext(cell: RunCell | undefined): void {
  runtime().context = { getStore: () => cell, run: (_cell, body) => body() };
}

test("global hooks are registered in their order, with or without a name", () => {
  const hook = () => undefined;
  tasks.onWait(hook);
  tasks.onResume("reconnect", hook);
  tasks.catchError(hook);
  tasks.handleError(hook);
  inContext(undefined); // while a run process imports the file
  tasks.onCancel(hook);
  assert.deepEqual(
    runtime().globalHooks.map(({ name }) => name),
    ["onWait", "onResume", "catchError", "catchError", "onCancel"],
  );
  assert.ok(runtime().globalHooks.every((entry) => entry.hook === hook));
});

test("inside a run, onCancel is for that run, and the others are refused", () => {
  const own: unknown[] = [];
  // Only the one method is called.
  inContext({ run: { onCancel: (hook: unknown) => own.push(hook) } as unknown as ActiveRun });
  const hook = () => {};
  tasks.onCancel("named", hook);
  assert.deepEqual(own, [hook]);
  const refusal = { name: "RunContextError", message: /at the top level/ };
  assert.throws(() => tasks.onWait(hook), refusal);
  assert.throws(() => tasks.onResume(hook), refusal);
  assert.throws(() => tasks.catchError(() => undefined), refusal);
  assert.throws(() => tasks.handleError(() => undefined), refusal);
  inContext({ run: null });
  assert.throws(() => tasks.onCancel(hook), { name: "RunContextError", message: /has ended/ });
  assert.deepEqual(runtime().globalHooks, []);
});

test("what is no function is refused", () => {
  // @ts-expect-error no hook
  assert.throws(() => tasks.onWait("name"), /tasks\.onWait takes a function/);
});

test("a task keeps its hooks; handleError is another name of catchError", () => {
  const hook = async () => undefined;
  const run = () => 1;
  task({ id: "hooked", run, onWait: hook, onResume: hook, onCancel: hook, handleError: hook });
  task({ id: "plain", run });
  const hooks = runtime().tasks.get("hooked")?.[0]?.hooks;
  assert.deepEqual({ ...hooks }, { onWait: hook, onResume: hook, onCancel: hook, catchError: hook });
  assert.equal(runtime().tasks.get("plain")?.[0]?.hooks, undefined);
});

test("a task's time to live is seconds or a duration", () => {
  const run = () => 1;
  task({ id: "a", run, ttl: "1h30m" });
  task({ id: "b", run, ttl: 5 });
  task({ id: "c", run, ttl: 0 });
  assert.deepEqual(
    ["a", "b", "c"].map((id) => runtime().tasks.get(id)?.[0]?.ttl),
    [5_400, 5, 0],
  );
  assert.throws(() => task({ id: "d", run, ttl: "soon" }), /The ttl of task d is soon; write it as 10m/);
});
