import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import { call, type StartedApi, startApi } from "../api/fixtures/started-api.ts";
import { pollingWorker } from "./fixtures/polling-worker.ts";

/** A socket of a dev session: it speaks as the original's does, and keeps what it hears. */
async function devSocket(t: TestContext, api: StartedApi, key: string | null) {
  const url = `${api.apiUrl.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
  const socket = new WebSocket(url, key === null ? {} : { headers: { authorization: `Bearer ${key}` } });
  t.after(() => socket.terminate());
  const heard: string[] = [];
  const waiting: (() => void)[] = [];
  socket.on("message", (data) => {
    heard.push(String(data));
    for (const wake of waiting.splice(0)) wake();
  });
  await once(socket, "open");
  return {
    socket,
    emit: (name: string, message: object) => socket.send(`42/dev-worker,${JSON.stringify([name, message])}`),
    say: (text: string) => socket.send(text),
    async hears(pattern: RegExp): Promise<string> {
      for (;;) {
        const index = heard.findIndex((text) => pattern.test(text));
        if (index >= 0) return heard.splice(index, 1)[0] ?? "";
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
  };
}

test("a session is told at once when a run of its goes on or is cancelled", async (t) => {
  const api = await startApi(t);
  const worker = await pollingWorker(api, "parent");
  const socket = await devSocket(t, api, api.key);
  await socket.hears(/^0/);
  socket.say("40/dev-worker,");
  await socket.hears(/^40\/dev-worker,/);
  const runId = await worker.trigger("parent");
  const offer = await worker.offered();
  socket.emit("run:subscribe", { version: "1", runFriendlyIds: [runId, "nonsense"] });
  await worker.start(offer);
  const date = new Date(Date.now() + 50).toISOString();
  await call(api, "POST", `/engine/v1/runs/${runId}/wait/duration`, { body: { date } });
  const notify = `42/dev-worker,${JSON.stringify(["run:notify", { version: "1", run: { friendlyId: runId } }])}`;
  assert.equal(await socket.hears(/run:notify/), notify);
  assert.equal((await worker.latest(runId)).completedWaitpoints.length, 1);
  await socket.hears(/run:notify/); // said again
  await call(api, "POST", `/api/v2/runs/${runId}/cancel`);
  assert.equal(await socket.hears(/run:notify/), notify);
  assert.equal((await worker.latest(runId)).snapshot.executionStatus, "PENDING_CANCEL");
});

test("a socket without the key of an environment is refused, and nothing else is served there", async (t) => {
  const api = await startApi(t);
  for (const key of [null, "tr_dev_wrong"]) {
    const socket = await devSocket(t, api, key);
    await socket.hears(/^0/);
    socket.say("40/dev-worker,");
    assert.match(await socket.hears(/^44/), /secret key/);
    socket.say("40");
    assert.match(await socket.hears(/^4[04]/), /^44.*dev-worker/);
  }
  assert.equal((await call(api, "GET", "/socket.io/?EIO=4&transport=polling")).status, 404);
});

test("sockets end when the server stops", async (t) => {
  const api = await startApi(t);
  const socket = await devSocket(t, api, api.key);
  await socket.hears(/^0/);
  const closed = once(socket.socket, "close");
  await api.app.close();
  await closed;
});
