import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Command } from "commander";
import { addTriggerOptions, readTriggerOptions } from "./trigger-options.ts";

function optionsOf(line: string) {
  const command = addTriggerOptions(new Command()).exitOverride().parse(line.split(" "), { from: "user" });
  return readTriggerOptions(command.opts());
}

test("options are those of the API, and a key is sent in the form that the SDK gives it", () => {
  const line =
    "--ttl 1h --tag a --tag b --queue mail --concurrency-key acme --priority 1.5 --idempotency-key order-7 --delay 10m";
  assert.deepEqual(optionsOf(line), {
    delay: "10m",
    ttl: "1h",
    tags: ["a", "b"],
    queue: { name: "mail" },
    concurrencyKey: "acme",
    priority: 1.5,
    idempotencyKey: createHash("sha256").update("order-7").digest("hex"),
    idempotencyKeyOptions: { key: "order-7", scope: "global" },
  });
  const hash = "0f".repeat(32);
  assert.deepEqual(optionsOf(`--idempotency-key ${hash}`), { idempotencyKey: hash });
});

test("the delay of a debounce stands after its last colon", () => {
  assert.deepEqual(optionsOf("--debounce tenant:7:5s"), { debounce: { key: "tenant:7", delay: "5s" } });
});
