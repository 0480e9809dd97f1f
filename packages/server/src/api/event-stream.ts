import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { StreamRecord } from "../engine/stream-ports.ts";
import type { StreamNews } from "../realtime/streams.ts";

/** How the chunks of a stream are written as server-sent events. */
export type EventFormat = "v1" | "v2";

/**
 * Writes a stream as server-sent events for as long as it goes on. Its end by the word of the server means that there is nothing more; a
 * connection that breaks, that the reader shall come again.
 *
 * @param response - the answer, of which nothing was sent yet
 * @param news - chunks, and signs of life
 * @param format - how to write chunks
 * @param position - the number of the last chunk that is left out, for a reader who begins with what comes; null: he knows it
 */
export async function sendEvents(
  response: ServerResponse,
  news: AsyncIterable<StreamNews>,
  format: EventFormat,
  position: number | null,
): Promise<void> {
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no", // a proxy in front passes events on as they come
    "x-stream-version": format,
  });
  response.flushHeaders();
  try {
    if (position !== null && position >= 0 && format === "v2") response.write(positionEvent(position));
    for await (const one of news) {
      const hasRoom = response.write(one === "alive" ? ": ping\n\n" : eventsOf(one, format));
      if (!hasRoom && !response.destroyed) await room(response);
    }
    response.end();
  } catch {
    response.destroy();
  }
}

/** Waits until a reader has read what is written, or has gone. */
async function room(response: ServerResponse): Promise<void> {
  const over = new AbortController(); // takes the listener away that was not called
  const signal = over.signal;
  try {
    await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]);
  } finally {
    over.abort();
  }
}

function eventsOf(records: readonly StreamRecord[], format: EventFormat): string {
  return format === "v1" ? singleEvents(records) : batchEvent(records);
}

function singleEvents(records: readonly StreamRecord[]): string {
  return records.map(({ seq, at, data }) => `id: ${at.getTime()}-${seq}\ndata: ${data}\n\n`).join("");
}

function batchEvent(records: readonly StreamRecord[]): string {
  const wire = records.map(({ seq, at, data }) => ({
    seq_num: seq,
    timestamp: at.getTime(),
    body: `{"data":${data},"id":"${seq}"}`,
    headers: [],
  }));
  return eventOf(records.at(-1)?.seq ?? 0, wire);
}

/** A record that is for the reader's position alone: clients pass over one whose header has no name. */
function positionEvent(seq: number): string {
  return eventOf(seq, [{ seq_num: seq, timestamp: Date.now(), body: "", headers: [["", ""]] }]);
}

function eventOf(lastSeq: number, records: readonly unknown[]): string {
  return `event: batch\nid: ${lastSeq}\ndata: ${JSON.stringify({ records })}\n\n`;
}
