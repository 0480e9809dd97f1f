import assert from "node:assert/strict";
import { test } from "node:test";
import { closest } from "./closest.ts";
import { refuseUnknownTask } from "./known-task.ts";

test("the closest name is the one with the fewest changes, when it is near at all", () => {
  const names = ["greeting.hello.say", "greeting.hello.sing", "report"];
  assert.equal(closest("greeting.hello.sya", names), "greeting.hello.say");
  assert.equal(closest("reprot", names), "report");
  assert.equal(closest("repor", names), "report");
  assert.equal(closest("invoice", names), null);
  assert.equal(closest("a", []), null);
});

test("an unknown task is refused with the one that was meant, or with all", () => {
  const known = (...ids: string[]) => ({ version: "20260102.1", tasks: ids.map((id) => ({ id, filePath: "a.ts" })) });
  const anyway = { hasAnyway: true };
  assert.doesNotThrow(() => refuseUnknownTask("hello", known("hello"), anyway));
  assert.throws(() => refuseUnknownTask("helo", known("hello"), anyway), {
    name: "CommandError",
    message: /Version 20260102\.1 has no task helo: did you mean hello\? .*--anyway/,
  });
  assert.throws(() => refuseUnknownTask("invoice", known("hello", "report"), anyway), { details: ["hello", "report"] });
  assert.throws(() => refuseUnknownTask("hello", { version: null, tasks: [] }, anyway), /start "pawl dev"/);
  assert.throws(() => refuseUnknownTask("helo", known("hello"), { hasAnyway: false }), {
    message: "Version 20260102.1 has no task helo: did you mean hello?",
  });
});
