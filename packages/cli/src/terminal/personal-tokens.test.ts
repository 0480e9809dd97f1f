import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { renderCreatedToken, renderRevokedToken, renderTokenTable } from "./personal-tokens.ts";

const token = {
  id: "pat_1",
  name: "ci",
  obfuscatedToken: "tr_pat_…abcd",
  opensAll: false,
  createdAt: "2026-01-02T03:04:05.000Z",
};

test("a token that was made is shown with the variables that it goes into", () => {
  const lines = renderCreatedToken({ ...token, token: "tr_pat_x" }, "http://127.0.0.1:3030");
  assert.deepEqual(lines.map(stripVTControlCharacters), [
    "✔ ci: keep the token now, it is not shown again.",
    "",
    "  TRIGGER_API_URL=http://127.0.0.1:3030",
    "  TRIGGER_ACCESS_TOKEN=tr_pat_x",
  ]);
});

test("tokens are a table that says how far each one reaches", () => {
  const lines = renderTokenTable([token, { ...token, name: "login", opensAll: true }], 200).map(
    stripVTControlCharacters,
  );
  assert.match(lines[0] ?? "", /^TOKEN +NAME +OPENS +CREATED +ID$/);
  assert.match(lines[1] ?? "", /^tr_pat_…abcd +ci +this environment +2026-01-0\d \d\d:04:05 +pat_1$/);
  assert.match(lines[2] ?? "", / login +every environment /);
  assert.match(renderTokenTable([]).join(""), /pawl token create/);
  assert.match(renderRevokedToken("pat_1").join(""), /pat_1.* is revoked/);
});
