import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { ApiClientMissingError } from "../errors/api-error.ts";
import { startProtocolServer } from "../fixtures/protocol-server.ts";
import { callApi } from "./call.ts";
import { clientSettings, configure, forgetDevServer } from "./client-settings.ts";

const names = ["TRIGGER_SECRET_KEY", "TRIGGER_ACCESS_TOKEN", "TRIGGER_API_URL", "NODE_ENV"];
const startDir = process.cwd();
let dir = "";

beforeEach(() => {
  for (const name of names) delete process.env[name];
  configure({});
  forgetDevServer();
  dir = mkdtempSync(join(tmpdir(), "pawl-sdk-"));
  mkdirSync(join(dir, "app/src"), { recursive: true });
  mkdirSync(join(dir, ".pawl"));
  process.chdir(join(dir, "app/src"));
});

afterEach(() => {
  process.chdir(startDir);
  rmSync(dir, { recursive: true });
});

function writeDevFile(apiUrl: string, secretKey = "tr_dev_a", pid = process.pid): void {
  writeFileSync(join(dir, ".pawl/dev.json"), JSON.stringify({ apiUrl, secretKey, dashboardUrl: apiUrl, pid }));
}

test("configure wins over the environment, and that over pawl dev", () => {
  writeDevFile("http://localhost:1");
  assert.deepEqual([clientSettings().baseUrl, clientSettings().key], ["http://localhost:1", "tr_dev_a"]);
  process.env.TRIGGER_ACCESS_TOKEN = "tr_dev_token";
  process.env.TRIGGER_API_URL = "http://localhost:2/";
  assert.deepEqual([clientSettings().baseUrl, clientSettings().key], ["http://localhost:2", "tr_dev_token"]);
  process.env.TRIGGER_SECRET_KEY = "tr_dev_env";
  assert.equal(clientSettings().key, "tr_dev_env");
  configure({ secretKey: "tr_dev_own", baseURL: "https://pawl.example" });
  assert.deepEqual([clientSettings().baseUrl, clientSettings().key], ["https://pawl.example", "tr_dev_own"]);
});

function refuses(pattern: RegExp): void {
  assert.throws(clientSettings, (error) => error instanceof ApiClientMissingError && pattern.test(error.message));
}

test("says what to set where nothing is known", () => {
  refuses(/no "pawl dev" runs .* Start "pawl dev" here\. .*Set TRIGGER_SECRET_KEY and TRIGGER_API_URL/);
  process.env.TRIGGER_SECRET_KEY = "tr_dev_env";
  refuses(/Set TRIGGER_API_URL/);
  process.env.TRIGGER_API_URL = "localhost:3030";
  refuses(/"localhost:3030" is no URL/);
});

test("does not look for pawl dev in production", () => {
  writeDevFile("http://localhost:1");
  process.env.NODE_ENV = "production";
  refuses(/No key is set\. Set/);
});

test("does not send the key of pawl dev to another server", () => {
  writeDevFile("http://localhost:1");
  process.env.TRIGGER_API_URL = "http://localhost:2";
  refuses(/No key is set for http:\/\/localhost:2/);
});

test("does not trust what a dead pawl dev or nobody wrote", async () => {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  writeDevFile("http://localhost:1", "tr_dev_a", child.pid);
  refuses(/no longer runs/);
  writeFileSync(join(dir, ".pawl/dev.json"), "{");
  refuses(/can't be read/);
  writeFileSync(join(dir, ".pawl/dev.json"), "{}");
  refuses(/is incomplete/);
});

test("follows pawl dev to another port and another key", async (t) => {
  const first = await startProtocolServer(() => ({ body: { at: "first" } }));
  writeDevFile(first.url);
  const call = { method: "GET", path: "/", options: { retry: { maxAttempts: 1 } } } as const;
  assert.deepEqual((await callApi(call)).body, { at: "first" });
  await first.close();
  const second = await startProtocolServer(({ headers }) =>
    headers.authorization === "Bearer tr_dev_c" ? { body: { at: "second" } } : { status: 401 },
  );
  t.after(() => second.close());
  writeDevFile(second.url, "tr_dev_c");
  assert.deepEqual((await callApi(call)).body, { at: "second" });
  const third = await startProtocolServer(() => ({ body: { at: "third" } }));
  t.after(() => third.close());
  writeDevFile(second.url, "tr_dev_b");
  forgetDevServer();
  clientSettings();
  writeDevFile(third.url);
  assert.deepEqual((await callApi(call)).body, { at: "third" }); // the key was refused, and the file says something new
});
