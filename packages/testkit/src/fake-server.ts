import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import {
  type AssignedRun,
  type CallAnswer,
  type Capacity,
  type Held,
  type HostEnvVars,
  type HostMessage,
  hostEnvVarsPath,
  hostMessageSchema,
  type ResumedRun,
  type RunResult,
  type ServerMessage,
  type TelemetryRecord,
  telemetryBodySchema,
  type WaitResult,
  workerConnectPath,
} from "@pawl/contract/worker-protocol";
import { type WebSocket, WebSocketServer } from "ws";

type Report = Extract<HostMessage, { type: "report" }>;

/** Something that code of a run asked for. */
export type ReceivedCall = Extract<HostMessage, { type: "calls" }>["calls"][number];

/** A condition that something waits for. */
interface Waiter {
  readonly isMet: () => boolean;
  readonly resolve: () => void;
}

/**
 * A server that speaks the worker protocol and remembers what it is told, for tests of the worker alone. It has no store:
 * runs are pushed by the test, every claim in a report is taken as valid and every call is granted unless the test says
 * otherwise, and waits end when the test says so.
 */
export class FakeServer {
  readonly secretKey = "tr_dev_fake";
  readonly hellos: Extract<HostMessage, { type: "hello" }>[] = [];
  readonly reports: Report[] = [];
  /** Without repeated ones. */
  readonly results = new Map<string, RunResult>();
  readonly started: Held[] = [];
  readonly returned: Held[] = [];
  readonly orphaned: Held[] = [];
  /** With repeated ones. */
  readonly calls: ReceivedCall[] = [];
  readonly telemetry: TelemetryRecord[] = [];
  readonly payloads = new Map<string, string>();
  /** Outputs that were sent ahead of their report, by their paths. */
  readonly outputs = new Map<string, string>();
  /** What waits came to that are fetched, by `<runId>/<key of the wait>`. */
  readonly waitResults = new Map<string, WaitResult>();
  /** What hosts are told of the environment's variables, once they ask. */
  envVars: HostEnvVars = { version: 0, variables: {} };
  capacity: Capacity = { ready: 0, ahead: 0, processes: 0, afterPush: 0 };
  /** While true, reports are not acknowledged. */
  holdsAcks = false;
  /** Says what a call is answered with; null: not at all, until the test does it by `answer`. */
  answerOf: (call: ReceivedCall) => Omit<CallAnswer, "call"> | null = grantedAnswer;
  /** While true, telemetry is answered with 503. */
  refusesTelemetry = false;
  /** Claims that the next welcome or ack names as lost. */
  lost: Held[] = [];
  leaseMs = 10_000;
  #httpServer: Server | null = null;
  #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  #socket: WebSocket | null = null;
  #waiters: Waiter[] = [];
  #heldAcks: number[] = [];
  #pushCount = 0;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens; a second call after `stop` uses the same port. */
  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on("upgrade", (request, socket, head) => {
      if (request.url !== workerConnectPath || request.headers.authorization !== `Bearer ${this.secretKey}`) {
        socket.end("HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n");
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    const address = server.address();
    if (address !== null && typeof address !== "string") this.#port = address.port;
    this.#httpServer = server;
  }

  /** Goes away without a word. */
  async stop(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    const server = this.#httpServer;
    this.#httpServer = null;
    server?.closeAllConnections();
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }

  /** Breaks the connection of the host, which will come back. */
  disconnect(): void {
    this.#socket?.terminate();
  }

  /** Sends a message to the host. */
  send(message: ServerMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** Pushes runs, made from what the test cares about. @returns them as pushed */
  push(...runs: (Partial<AssignedRun> & { taskId: string })[]): AssignedRun[] {
    const assigned = runs.map(assignedRun);
    const { version } = this.envVars;
    const envVars = version === 0 ? {} : { envVarsVersion: version };
    this.send({ type: "runs", push: ++this.#pushCount, runs: assigned, ...envVars });
    return assigned;
  }

  /** Answers a call. */
  answer({ call }: ReceivedCall, answer: Omit<CallAnswer, "call">): void {
    this.send({ type: "answers", answers: [{ call, ...answer }] });
  }

  /** Says that waits of a run are over, and that its slot is taken again. */
  resume({ runId, fence }: Held, ...waits: ResumedRun["waits"]): void {
    this.send({ type: "resumed", runs: [{ runId, fence, waits }] });
  }

  /** Says that a run was cancelled. */
  cancel({ runId, fence }: Held): void {
    this.send({ type: "cancel", runs: [{ runId, fence }] });
  }

  /** The calls of a run, without repeated ones. */
  callsOf(run: Held): ReceivedCall[] {
    const own = this.calls.filter((call) => claimKey(call) === claimKey(run));
    return [...new Map(own.map((call) => [call.call, call])).values()];
  }

  /** Resolves with the keys that a run awaits, once its code awaits for the n-th time. @param times - n, from 1 */
  async untilAwaits(run: Held, times = 1): Promise<readonly string[]> {
    const awaits = () => this.callsOf(run).flatMap(({ request }) => (request.kind === "await" ? [request.waits] : []));
    await this.until(() => awaits().length >= times);
    return awaits()[times - 1] ?? [];
  }

  /** Acknowledges what was held back, and all that follows. */
  releaseAcks(): void {
    this.holdsAcks = false;
    for (const report of this.#heldAcks.splice(0)) this.send({ type: "ack", report, lost: this.lost.splice(0) });
  }

  /** Resolves once a condition on what was received holds; looked at after each message. */
  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ isMet, resolve }));
  }

  /** Resolves with the result of a run. */
  async resultOf(run: Held): Promise<RunResult> {
    const key = claimKey(run);
    await this.until(() => this.results.has(key));
    const result = this.results.get(key);
    if (result === undefined) throw new Error("unreachable: the result was there");
    return result;
  }

  /** Resolves with the result of a run, which is given to the host anew whenever the host gives it back. */
  async resultInTheEnd(run: AssignedRun): Promise<RunResult> {
    for (let given = run; ; ) {
      const key = claimKey(given);
      await this.until(() => this.results.has(key) || this.returned.some((claim) => claimKey(claim) === key));
      const result = this.results.get(key);
      if (result !== undefined) return result;
      const [again] = this.push({ ...given, fence: given.fence + 1 });
      if (again === undefined) throw new Error("unreachable: one run was pushed");
      given = again;
    }
  }

  #open(socket: WebSocket): void {
    this.#socket = socket;
    socket.on("error", () => {}); // "close" follows
    socket.on("message", (text) => {
      this.#receive(hostMessageSchema.parse(JSON.parse(String(text))));
      this.#look();
    });
  }

  #receive(message: HostMessage): void {
    if (message.type === "calls") return this.#receiveCalls(message.calls);
    this.capacity = message.capacity;
    if (message.type === "hello") {
      this.hellos.push(message);
      const environment = { id: "env_1", slug: "dev", type: "DEVELOPMENT" };
      this.send({ type: "welcome", leaseMs: this.leaseMs, environment, lost: this.lost.splice(0) });
    } else if (message.type === "report") {
      this.reports.push(message);
      for (const result of message.results) this.results.set(claimKey(result), result);
      this.started.push(...message.started);
      this.returned.push(...message.returned);
      this.orphaned.push(...message.orphaned);
      if (this.holdsAcks) this.#heldAcks.push(message.report);
      else this.send({ type: "ack", report: message.report, lost: this.lost.splice(0) });
    }
  }

  #receiveCalls(calls: readonly ReceivedCall[]): void {
    this.calls.push(...calls);
    const answers = calls.flatMap((call) => {
      const answer = this.answerOf(call);
      return answer === null ? [] : [{ call: call.call, ...answer }];
    });
    if (answers.length > 0) this.send({ type: "answers", answers });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const wait = /^\/worker\/v1\/runs\/(\w+)\/waits\/([^/?]+)/.exec(request.url ?? "");
    const payload = /^\/worker\/v1\/runs\/(\w+)\/payload$/.exec(request.url ?? "")?.[1];
    if (payload !== undefined) {
      const text = this.payloads.get(payload);
      response.writeHead(text === undefined ? 404 : 200).end(text ?? "");
    } else if (wait !== null) {
      const result = this.waitResults.get(`${wait[1]}/${decodeURIComponent(wait[2] ?? "")}`);
      response.writeHead(result === undefined ? 404 : 200).end(JSON.stringify(result ?? null));
    } else if (request.method === "PUT" && /\/output$/.test(request.url ?? "")) {
      const path = `outputs/${this.outputs.size}`;
      this.outputs.set(path, Buffer.concat(chunks).toString());
      response.writeHead(200).end(JSON.stringify({ path }));
    } else if (request.url === hostEnvVarsPath) {
      response.writeHead(200).end(JSON.stringify(this.envVars));
    } else if (this.refusesTelemetry) {
      response.writeHead(503).end("{}");
    } else {
      this.telemetry.push(...telemetryBodySchema.parse(JSON.parse(Buffer.concat(chunks).toString())).records);
      response.writeHead(200).end("{}");
    }
    this.#look();
  }

  #look(): void {
    for (const waiter of this.#waiters.filter(({ isMet }) => isMet())) {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
  }
}

function assignedRun(run: Partial<AssignedRun> & { taskId: string }): AssignedRun {
  return {
    runId: toPublicId("run", newUuid()),
    fence: 1,
    attempt: 1,
    isStarted: true,
    versionId: "version_1",
    queueName: `task/${run.taskId}`,
    payloadType: "application/json",
    isPayloadStored: false,
    maxAttempts: 3,
    createdAt: new Date().toISOString(),
    isTest: false,
    tags: [],
    traceId: "0af7651916cd43dd8448eb211c80319c",
    ...run,
  };
}

/** What a server that refuses nothing says. */
function grantedAnswer({ request }: ReceivedCall): Omit<CallAnswer, "call"> {
  const waitpointId = toPublicId("waitpoint", newUuid());
  switch (request.kind) {
    case "trigger":
      return { value: { runId: toPublicId("run", newUuid()), isCached: false } };
    case "batch":
      return { value: { batchId: toPublicId("batch", newUuid()), runCount: request.runCount, isCached: false } };
    case "time":
      return { value: { waitpointId, atMs: request.atMs } };
    case "token":
      return { value: { waitpointId, isCached: false, url: "http://127.0.0.1/complete", publicAccessToken: "public" } };
    case "join":
      return { value: { waitpointId } };
    case "await":
      return { value: null };
  }
}

function claimKey({ runId, fence }: Held): string {
  return `${runId}:${fence}`;
}
