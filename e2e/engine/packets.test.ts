import assert from "node:assert/strict";
import { test } from "node:test";
import { PayloadError, runs, tasks } from "@pawl/sdk";
import {
  type awaitsLong,
  type carries,
  everyKind,
  kindsOf,
  type returnsLong,
  type returnsServer,
} from "../projects/engine/trigger/packets.ts";
import type { echo } from "../projects/engine/trigger/plain.ts";
import { ended, openEngine, outputOf } from "../stage/engine.ts";

const mib = 1024 * 1024;

test("what packets carry", async (t) => {
  const { server } = await openEngine(t);

  await t.test("every kind of value, to a run, back from it, and from its child", async () => {
    const value = everyKind();
    const handle = await tasks.trigger<typeof carries>("carries", value);
    const output = await outputOf(handle);
    assert.deepEqual(output.arrived, kindsOf(value));
    assert.deepEqual(output.cameBack, kindsOf(value));
    assert.deepEqual((await runs.retrieve(handle)).metadata?.kinds, kindsOf(value));
  });

  await t.test("outputs of more than a message holds, up to 10 MB, to a parent and to who retrieves them", async () => {
    for (const bytes of [130 * 1024, 10 * mib - 200]) {
      const waiting = await tasks.trigger<typeof awaitsLong>("awaits-long", { bytes });
      assert.deepEqual(await outputOf(waiting, 60_000), { length: bytes, isDate: true });
      const handle = await tasks.trigger<typeof returnsLong>("returns-long", { bytes });
      assert.equal((await outputOf(handle, 60_000)).text.length, bytes);
      const address = await fetch(`${server.apiUrl}/api/v1/runs/${handle.id}/packets/output`, {
        headers: { authorization: `Bearer ${server.secretKey}` },
      });
      const { presignedUrl } = (await address.json()) as { presignedUrl: string }; // as the route answers
      const stored = await fetch(presignedUrl);
      assert.equal(stored.headers.get("content-type"), "application/super+json", "and not where it was stored before");
      assert.ok((await stored.text()).length > bytes);
    }
  });

  await t.test("an output of more than 10 MB fails its run, at once, with its size and what to do", async () => {
    const handle = await tasks.trigger<typeof returnsLong>("returns-long", { bytes: 10 * mib });
    const { status, error, attemptCount } = await ended(handle);
    assert.deepEqual([status, error?.name, attemptCount], ["FAILED", "TASK_OUTPUT_ERROR", 1]);
    assert.match(error?.message ?? "", /The output has 10\.0 MB; a run can return 10 MB at most\. Store it elsewhere/);
  });

  await t.test("an output with something open says where", async () => {
    const { error } = await ended(await tasks.trigger<typeof returnsServer>("returns-server", undefined));
    assert.match(error?.message ?? "", /has at listening\[0\] an open handle \(Server\)\. It stays in the process/);
  });

  await t.test("payloads of up to 3 MB; what is larger, or can't be written, is refused at the call", async () => {
    const long = "x".repeat(3 * mib - 200);
    assert.equal((await outputOf(await tasks.trigger<typeof echo>("echo", { long }))) !== undefined, true);
    const refused = (payload: unknown, message: RegExp) =>
      assert.rejects(tasks.trigger<typeof echo>("echo", payload), (error) => {
        assert.ok(error instanceof PayloadError);
        assert.match(error.message, message);
        return true;
      });
    await refused("x".repeat(3 * mib + 1), /has 3\.0 MB; at most 3 MB can be sent\. Store it elsewhere/);
    await refused({ a: [() => 1] }, /has at a\[0\] a function/);
    await refused({ a: Promise.resolve(1) }, /has at a a promise that was not awaited/);
    const hostile = {
      list: [
        {
          get boom(): never {
            throw new Error("no");
          },
        },
      ],
    };
    await refused(hostile, /can't be written as JSON at list\[0\]\.boom: no/);
  });

  await t.test("a payload that was sent ahead has at most 3 MB, too, whatever it was called", async () => {
    const headers = { authorization: `Bearer ${server.secretKey}` };
    const asked = await fetch(`${server.apiUrl}/api/v2/packets/long%2Foutput.txt`, { method: "PUT", headers });
    const { presignedUrl, storagePath } = (await asked.json()) as Record<string, string>; // as the route answers
    const body = "x".repeat(4 * mib);
    const put = await fetch(presignedUrl ?? "", { method: "PUT", headers: { "content-type": "text/plain" }, body });
    assert.equal(put.status, 200);
    const triggered = await fetch(`${server.apiUrl}/api/v1/tasks/echo/trigger`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ payload: storagePath, options: { payloadType: "application/store" } }),
    });
    assert.equal(triggered.status, 413);
    assert.match(await triggered.text(), /4\.0 MB is over the limit of 3 MB for a payload/);
  });
});
