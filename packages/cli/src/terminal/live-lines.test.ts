import assert from "node:assert/strict";
import { test } from "node:test";
import { createLiveLines, cut, type Screen } from "./live-lines.ts";

const esc = "\x1b";
const parts = new RegExp(`${esc}\\[\\??\\d*[A-Za-z]|[\\r\\n]|[^${esc}\\r\\n]+`, "g");

/** A terminal that understands what live lines write. */
class FakeTerminal implements Screen {
  columns = 20;
  rows = 5;
  isCursorShown = true;
  #lines: string[] = [""];
  #row = 0;

  get lines(): readonly string[] {
    return this.#lines;
  }

  write(text: string): void {
    for (const [part] of text.matchAll(parts)) this.#take(part);
  }

  #take(part: string): void {
    const up = /^.\[(\d+)A$/.exec(part);
    if (part === "\x1b[?25l") this.isCursorShown = false;
    else if (part === "\x1b[?25h") this.isCursorShown = true;
    else if (up !== null) this.#row = Math.max(0, this.#row - Number(up[1]));
    else if (part === "\x1b[J") this.#lines.length = this.#row + 1;
    else if (part === "\n") {
      this.#row += 1;
      this.#lines[this.#row] ??= "";
    } else if (part !== "\r" && part !== "\x1b[K") this.#lines[this.#row] = part;
    if (part === "\x1b[J") this.#lines[this.#row] = "";
  }
}

test("lines are drawn in place of the last ones, whether there are more or fewer", () => {
  const terminal = new FakeTerminal();
  const live = createLiveLines(terminal);
  live.draw(["a", "b"]);
  assert.deepEqual(terminal.lines, ["a", "b", ""]);
  assert.equal(terminal.isCursorShown, false);
  live.draw(["c", "d", "e"]);
  assert.deepEqual(terminal.lines, ["c", "d", "e", ""]);
  live.draw(["f"]);
  assert.deepEqual(terminal.lines, ["f", ""]);
  live.end();
  assert.deepEqual(terminal.lines, ["f", ""]);
  assert.equal(terminal.isCursorShown, true);
  live.draw(["g", "h"]);
  live.clear();
  live.end();
  assert.deepEqual(terminal.lines, ["f", ""]);
});

test("what has no room on the terminal is cut", () => {
  const terminal = new FakeTerminal();
  const live = createLiveLines(terminal);
  terminal.columns = 6;
  live.draw(["1", "2", "3", "4", "5", "6"].map((name) => `line ${name} of many`));
  assert.deepEqual(terminal.lines, ["line …", "line …", "line …", "… and…", ""]);
  assert.equal(cut("\x1b[31mabc\x1b[39m", 3), "\x1b[31mabc\x1b[39m");
  assert.equal(cut("\x1b[31mabcd\x1b[39m", 3), "ab…");
});

test("a terminal that has become narrower is drawn from where its broken lines begin", () => {
  const written: string[] = [];
  const screen = { columns: 20, rows: 24, write: (text: string) => written.push(text) };
  const live = createLiveLines(screen);
  live.draw(["0123456789", "x"]);
  screen.columns = 4;
  live.draw(["y"]);
  assert.ok(written[1]?.startsWith(`${esc}[4A\ry`));
});

test("nothing is written at an end without a drawing", () => {
  const written: string[] = [];
  const live = createLiveLines({ columns: 20, rows: 5, write: (text) => written.push(text) });
  live.clear();
  live.end();
  assert.deepEqual(written, []);
});
