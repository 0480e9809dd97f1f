import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Notice, Notifier } from "../engine/notice-ports.ts";
import type { Service } from "../engine/service.ts";
import type { Database, Statement } from "./db.ts";

/** What servers over one store need to hear of each other. */
export interface ListenSettings {
  /** For reading in which environments there may be something to do. */
  readonly database: Database;
  /** Where LISTEN works: Postgres itself, where a pooler stands between. */
  readonly url: string;
  /** Told of an environment in which there may be something to do; without a notice: anything. */
  readonly onNotice: (environmentId: string, notice?: Notice) => void;
  /** Told of a run to whose streams another server has added; null: perhaps of any. */
  readonly onStream: (runId: string | null) => void;
  /** Told in a sentence when hearing fails, and when it works again. */
  readonly onMessage: (message: string) => void;
}

/** Tells other servers, and hears what they tell. */
export interface Listener extends Notifier, Service {
  /** Tells that something was added to streams of a run. Coalesced; never rejects. */
  notifyStream(runId: string): void;
}

const channel = "pawl_notices";
const coalesceMs = 10;
const pollMs = 1_000;
const probeMs = 2_000;
const pollsWhenDeaf = 30; // a pooler stays a pooler; a connection that was lost is made again after one
const maxNotices = 200; // a payload holds less than 8,000 bytes
const pollAdvice =
  "looking every second for what other servers leave. Where a pooler stands between, set DATABASE_DIRECT_URL to Postgres itself.";

/**
 * Makes the connection between servers: NOTIFY after commits, coalesced, on a connection of its own, and LISTEN. While nothing
 * can be heard, environments in which something may be left to do are looked for every second.
 *
 * @param settings - the connections, and who is told
 * @returns the listener, not yet started
 */
export function createListener(settings: ListenSettings): Listener {
  const self = randomBytes(8).toString("hex");
  const announcer = new Announcer(self);
  let stopping: AbortController | null = null;
  let loop: Promise<void> = Promise.resolve();

  async function runOnce(): Promise<void> {
    settings.onStream(null);
    for (const row of await settings.database.query(findBusyEnvironments())) settings.onNotice(String(row.id));
  }

  /** Holds one connection for as long as it works. */
  async function listenUntilLost(signal: AbortSignal, onHeard: () => void): Promise<void> {
    const client = new pg.Client({ connectionString: settings.url, application_name: "pawl listen" });
    client.on("error", () => undefined); // "end" follows
    await client.connect();
    const lost = new Promise<void>((resolve) => client.once("end", resolve));
    try {
      client.on("notification", (message) => hear(message.payload ?? "", self, settings));
      await client.query(`listen ${channel}`);
      if (!(await hearsItself(client, self))) throw new DeafError("LISTEN does not work through this connection");
      announcer.client = client;
      onHeard();
      await runOnce(); // what was told before is not heard
      await Promise.race([lost, aborted(signal)]);
    } finally {
      announcer.client = null;
      await client.end().catch(() => undefined);
    }
  }

  async function keepListening(signal: AbortSignal): Promise<void> {
    let isHeard = true;
    while (!signal.aborted) {
      let polls = 1;
      try {
        await listenUntilLost(signal, () => {
          if (!isHeard) settings.onMessage("Other servers are heard again");
          isHeard = true;
        });
      } catch (error) {
        if (isHeard) settings.onMessage(`${String(error)}: ${pollAdvice}`);
        isHeard = false;
        if (error instanceof DeafError) polls = pollsWhenDeaf;
      }
      await poll(polls, signal);
    }
  }

  async function poll(times: number, signal: AbortSignal): Promise<void> {
    for (let i = 0; i < times && !signal.aborted; i++) {
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await runOnce().catch(() => undefined);
    }
  }

  return {
    notify: (environmentId, notice) => announcer.notify(environmentId, notice),
    notifyStream: (runId) => announcer.notifyStream(runId),
    start() {
      if (stopping !== null) return;
      announcer.isStarted = true;
      stopping = new AbortController();
      loop = keepListening(stopping.signal);
    },
    async stop() {
      stopping?.abort();
      await loop;
      announcer.stop();
      announcer.isStarted = false;
      stopping = null;
    },
    runOnce,
  };
}

class DeafError extends Error {}

/** Sends what is told, at once when it is quiet, and at most once in 10 ms. */
class Announcer {
  #client: pg.Client | null = null;
  readonly #self: string;
  readonly #waiting = new Set<string>();
  /** Without other servers, there is nobody to tell of streams. */
  isStarted = false;
  #timer: NodeJS.Timeout | undefined;
  #sent: Promise<void> = Promise.resolve();

  constructor(self: string) {
    this.#self = self;
  }

  /** Set while LISTEN is known to work. What is told in between is told then. */
  set client(client: pg.Client | null) {
    this.#client = client;
    if (client !== null && this.#waiting.size > 0 && this.#timer === undefined) this.#send();
  }

  notify(environmentId: string, notice: Notice): void {
    this.#waiting.add(`${letterOf[notice]}${environmentId}`);
    if (this.#client !== null && this.#timer === undefined) this.#send();
  }

  notifyStream(runId: string): void {
    if (!this.isStarted) return;
    // What is told while nobody can hear it is one word in the end: that something was.
    this.#waiting.add(`${streamLetter}${this.#client === null ? anyRun : runId}`);
    if (this.#client !== null && this.#timer === undefined) this.#send();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #send(): void {
    this.#timer = setTimeout(() => this.#rest(), coalesceMs);
    const notices = [...this.#waiting];
    this.#waiting.clear();
    const payloads = [];
    for (let i = 0; i < notices.length; i += maxNotices) {
      payloads.push(`${this.#self} ${notices.slice(i, i + maxNotices).join(",")}`);
    }
    const sent = this.#client?.query("select pg_notify($1, payload) from unnest($2::text[]) payload", [
      channel,
      payloads,
    ]);
    this.#sent = sent?.then(ignore, ignore) ?? Promise.resolve(); // the others look after they reconnect
  }

  /** What was told meanwhile goes when the one before has gone: a connection sends one query at a time. */
  async #rest(): Promise<void> {
    await this.#sent;
    this.#timer = undefined;
    if (this.#waiting.size > 0) this.#send();
  }
}

const ignore = () => undefined;

/** How a notice is written before the id of its environment. */
const letterOf: Readonly<Record<Notice, string>> = {
  queued: "q",
  freed: "f",
  ordered: "o",
  bulk_action: "b",
  env_vars: "v",
};
const noticeOf: Readonly<Record<string, Notice>> = {
  q: "queued",
  f: "freed",
  o: "ordered",
  b: "bulk_action",
  v: "env_vars",
};

/** How a word of a stream is written before the id of its run; that of no run stands for any. */
const streamLetter = "s";
const anyRun = "00000000-0000-0000-0000-000000000000";

function hear(payload: string, self: string, { onNotice, onStream }: ListenSettings): void {
  const [sender, notices] = payload.split(" ");
  if (sender === self || !notices) return; // without notices a server calls itself
  for (const notice of notices.split(",")) {
    const [letter, id] = [notice.slice(0, 1), notice.slice(1)];
    if (letter === streamLetter) onStream(id === anyRun ? null : id);
    else onNotice(id, noticeOf[letter]);
  }
}

/** Environments with queued runs, and with runs whose hosts have to be told something. */
function findBusyEnvironments(): Statement {
  return {
    name: "listen_find_busy",
    text: `select id from environment
           where exists (select from live_run where environment_id = environment.id and order_at is not null)
             or exists (select from live_run where environment_id = environment.id and host_id is not null
                          and state in ('claimed', 'resuming', 'cancelling'))`,
    values: [],
  };
}

/** A pooler accepts LISTEN and passes nothing on: so a server calls itself once. */
async function hearsItself(client: pg.Client, self: string): Promise<boolean> {
  const timer = new AbortController();
  const heard = new Promise<boolean>((resolve) => {
    client.on("notification", (message) => {
      if (message.payload?.startsWith(self) === true) resolve(true);
    });
    client.once("end", () => resolve(false));
  });
  await client.query("select pg_notify($1, $2)", [channel, `${self} `]);
  const isHeard = await Promise.race([heard, delay(probeMs, false, { signal: timer.signal }).catch(() => false)]);
  timer.abort();
  return isHeard;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
