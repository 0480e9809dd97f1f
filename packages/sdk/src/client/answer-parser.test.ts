import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerParser, type ParsedAnswer } from "./answer-parser.ts";

/** Feeds an answer byte by byte, and in one piece: both must give the same. */
function parse(text: string): ParsedAnswer | null {
  const bytes = Buffer.from(text);
  const whole = new AnswerParser().push(bytes);
  const parser = new AnswerParser();
  let last: ParsedAnswer | null = null;
  for (const byte of bytes) last = parser.push(Buffer.from([byte]));
  assert.deepEqual(last, whole);
  return whole;
}

test("reads a body of known length", () => {
  const parsed = parse('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-A: 1\r\nx-a: 2\r\n\r\n"é"');
  assert.deepEqual(parsed?.answer, { status: 200, headers: { "content-length": "4", "x-a": "1, 2" }, text: '"é"' });
  assert.equal(parsed.isReusable, true);
});

test("reads chunks, with extensions and trailers", () => {
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  assert.equal(
    parse(`${head}3;a=b\r\n{"a\r\nC\r\n":"\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n`)?.answer.text,
    '{"a":"\r\n\r\n0\r\n\r\n',
  );
  assert.equal(parse(`${head}2\r\n{}\r\n0\r\nx-sum: 1\r\n\r\n`)?.answer.text, "{}");
});

test("skips answers that only announce another", () => {
  assert.equal(parse("HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")?.answer.status, 204);
});

test("a closed connection ends a body without a length, and no other", () => {
  const open = new AnswerParser();
  assert.equal(open.push(Buffer.from("HTTP/1.1 200 OK\r\n\r\n{}")), null);
  assert.equal(open.close()?.answer.text, "{}");
  const cut = new AnswerParser();
  cut.push(Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{}"));
  assert.equal(cut.close(), null);
});

test("a connection that is to be closed carries nothing more", () => {
  assert.equal(parse("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")?.isReusable, false);
  assert.equal(parse("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n")?.isReusable, false);
});

test("refuses what is no HTTP answer", () => {
  for (const text of [
    "SSH-2.0-OpenSSH\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    `HTTP/1.1 200 OK\r\nx: ${"a".repeat(70_000)}`,
  ]) {
    assert.throws(() => new AnswerParser().push(Buffer.from(text)), text.slice(0, 60));
  }
});
