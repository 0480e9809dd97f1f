import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { applyMetadataOperations, type Metadata, type MetadataOperation } from "@pawl/contract/metadata-operations";
import { configure } from "../client/client-settings.ts";
import { fakeRun } from "../fixtures/fake-run.ts";
import { type ProtocolServer, type Reply, startProtocolServer } from "../fixtures/protocol-server.ts";
import { type RunCell, runtime } from "../runtime.ts";
import { tags } from "../tags/tags-api.ts";
import { tasks } from "../trigger/tasks-api.ts";
import { metadata } from "./metadata-api.ts";

let server: ProtocolServer;
/** As the server has it. */
let stored: Metadata;
let fails: Reply[];

beforeEach(async () => {
  stored = { from: "trigger" };
  fails = [];
  server = await startProtocolServer(({ method, body }) => {
    const failure = fails.shift();
    if (failure !== undefined) return failure;
    if (method === "PUT") {
      const { operations = [] } = JSON.parse(body) as { operations?: MetadataOperation[] };
      stored = applyMetadataOperations(stored, operations);
    }
    return { body: { metadata: stored } };
  });
  configure({ baseURL: server.url, accessToken: "tr_dev_1", requestOptions: { retry: { maxAttempts: 1 } } });
});

afterEach(async () => {
  runtime().context = null;
  await server.close();
});

const bodies = () => server.requests.map(({ body }) => (body === "" ? null : JSON.parse(body)));
const scene = (facts = {}) => fakeRun({}, { metadata: '{"from":"trigger"}', ...facts });

/** Ends the attempt, as the run process does. */
async function end(): Promise<void> {
  const cell: RunCell | undefined = runtime().context?.getStore();
  for (const last of cell?.atEnd ?? []) await last();
}

test("changes are seen at once, and sent together at the end", async () => {
  await scene().execute(async () => {
    metadata.set("step", "download").increment("done").increment("done", 2).append("files", "a").append("files", "b");
    metadata.remove("files", "a").decrement("left").set("$.deep.list[0]", { a: 1 }).del("from");
    const expected = { step: "download", done: 3, files: ["b"], left: -1, deep: { list: [{ a: 1 }] } };
    assert.deepEqual(metadata.current(), expected);
    assert.equal(metadata.get("$.deep.list[0].a"), 1);
    assert.equal(metadata.get("missing"), undefined);
    assert.equal(server.requests.length, 0);
    await end();
    assert.deepEqual(stored, expected);
  });
  assert.equal(server.requests.length, 1);
  assert.equal(server.requests[0]?.path, "/api/v1/runs/run_parent/metadata");
});

test("changes that follow each other are sent as one", async () => {
  await scene().execute(async () => {
    for (let i = 0; i < 1_000; i++) metadata.increment("done");
    metadata.set("step", 1).set("step", 2);
    await metadata.flush();
  });
  assert.deepEqual(bodies(), [
    {
      operations: [
        { type: "increment", key: "done", value: 1_000 },
        { type: "set", key: "step", value: 2 },
      ],
    },
  ]);
});

test("changes of the runs above are sent for them, and not seen here", async () => {
  await scene().execute(async () => {
    metadata.parent.increment("children");
    metadata.root.append("log", "done");
    assert.deepEqual(metadata.current(), { from: "trigger" });
    await metadata.flush();
  });
  assert.deepEqual(bodies(), [
    {
      parentOperations: [{ type: "increment", key: "children", value: 1 }],
      rootOperations: [{ type: "append", key: "log", value: "done" }],
    },
  ]);
});

test("replace puts another object in place of all; what is kept does not change with what was given", async () => {
  await scene().execute(async () => {
    const given = { at: new Date(0), list: [1] };
    metadata.replace(given).save(given).update(given);
    given.list.push(2);
    assert.deepEqual(metadata.current(), { at: "1970-01-01T00:00:00.000Z", list: [1] });
  });
});

test("refresh reads what others have changed", async () => {
  await scene().execute(async () => {
    metadata.set("mine", 1);
    stored = { ...stored, theirs: 2 };
    assert.deepEqual(await metadata.refresh(), { from: "trigger", theirs: 2, mine: 1 });
  });
});

test("what the server could not take is sent again; what it refuses is not", async () => {
  await scene().execute(async () => {
    fails.push({ status: 500 });
    metadata.set("a", 1);
    await assert.rejects(metadata.flush(), { name: "TriggerApiError" });
    await metadata.flush();
    assert.deepEqual(stored, { from: "trigger", a: 1 });
    fails.push({ status: 413, body: { error: "metadata: would be larger than 256 KB." } });
    metadata.set("b", 1);
    await assert.rejects(metadata.flush(), /larger than 256 KB/);
    await metadata.flush();
    assert.deepEqual(stored, { from: "trigger", a: 1 });
  });
});

test("a failure at the end of the attempt is logged", async () => {
  const lines: string[] = [];
  await scene({ log: ({ message }: { message: string }) => lines.push(message) }).execute(async () => {
    metadata.set("a", 1);
    fails.push({ status: 500 });
    await end();
  });
  assert.deepEqual(lines, ["The last changes of the metadata could not be stored"]);
});

test("what is changed before a run is triggered is sent before it", async () => {
  const order: string[] = [];
  const call = async () => {
    order.push(`trigger after ${server.requests.length}`);
    return { runId: "run_child", isCached: false };
  };
  await scene({ call }).execute(async () => {
    metadata.set("done", 0);
    await tasks.trigger("child", {});
    await tasks.trigger("child", {});
    assert.deepEqual(order, ["trigger after 1", "trigger after 1"]);
    fails.push({ status: 500 });
    metadata.set("done", 1);
    await tasks.trigger("child", {});
    await end();
  });
  assert.deepEqual(stored, { from: "trigger", done: 1 });
});

test("outside of a run, nothing happens", async () => {
  metadata.set("a", 1).parent.set("b", 1);
  await metadata.flush();
  assert.equal(metadata.current(), undefined);
  assert.equal(metadata.get("a"), undefined);
  await tags.add("a");
  assert.equal(server.requests.length, 0);
});

test("says what metadata can't be", () => {
  scene().execute(() => {
    assert.throws(() => metadata.set("__proto__", 1), /"__proto__" is no key of metadata/);
    assert.throws(() => metadata.set("", 1), /is no key of metadata/);
    assert.throws(() => metadata.set("a", 1n), /JSON can't hold the value for "a"/);
    assert.throws(() => metadata.set("a", undefined), /"a" of metadata, a undefined/);
    assert.throws(() => metadata.increment("a", Number.NaN), /can't be changed by NaN/);
    // @ts-expect-error no object
    assert.throws(() => metadata.update([1]), /Metadata is an object/);
  });
});

test("tags are added to the run; too many are logged", async () => {
  const lines: string[] = [];
  await scene({ log: ({ message }: { message: string }) => lines.push(message) }).execute(async () => {
    await tags.add(["a", "b"]);
    fails.push({ status: 422, body: { error: "tags: more than 10" } });
    await tags.add("c");
    fails.push({ status: 404, body: { error: "No such run" } });
    await assert.rejects(tags.add("d"), /No such run/);
  });
  assert.deepEqual(bodies(), [{ tags: ["a", "b"] }, { tags: "c" }, { tags: "d" }]);
  assert.match(lines[0] ?? "", /The run did not get the tags: .*more than 10/);
});
