import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Refusal } from "./refusal.ts";

/** A request that a run, or the code under test, sends to the server. */
export interface ApiRequest {
  readonly method: string;
  /** Such as `/api/v3/runs/run_1`, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By their names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As text. */
  readonly body: string;
}

/** An answer of server-sent events, which goes on for as long as there are any. */
export class EventStream {
  readonly open: (signal: AbortSignal) => AsyncIterable<string>;

  /** @param open - gives the events, until its signal fires */
  constructor(open: (signal: AbortSignal) => AsyncIterable<string>) {
    this.open = open;
  }
}

/** Answers requests that it knows: with what it returns, as JSON, or undefined where it does not know the request. */
export type ApiAnswerer = (request: ApiRequest) => unknown;

/** The HTTP side of a test: what the SDK sends to a server arrives here, on a port of this machine that nobody else knows. */
export class TestApi {
  readonly #server: Server;
  readonly #answerers: ApiAnswerer[] = [];

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => void this.#respond(request, response));
    server.unref(); // a test that forgets to close the kit ends all the same
    server.on("connection", (socket) => socket.unref());
  }

  /** Starts it. */
  static async open(): Promise<TestApi> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TestApi(server);
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("The testing kit is closed.");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Has requests answered; the one that was added last is asked first. */
  add(answerer: ApiAnswerer): void {
    this.#answerers.unshift(answerer);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #respond(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(message.url ?? "/", "http://test");
    const headers = Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name, value?.toString()]),
    );
    const request = { method: message.method ?? "GET", path, query, headers, body: await textOf(message) };
    const { status, body } = await this.#answer(request);
    if (body instanceof EventStream) return sendEvents(response, body);
    response.writeHead(status, { "content-type": "application/json", "x-should-retry": "false" });
    response.end(JSON.stringify(body ?? null));
  }

  async #answer(request: ApiRequest): Promise<{ readonly status: number; readonly body: unknown }> {
    try {
      for (const answerer of this.#answerers) {
        const body = await answerer(request);
        if (body !== undefined) return { status: 200, body };
      }
    } catch (error) {
      const code = error instanceof Refusal ? error.code : "internal";
      const status = { not_found: 404, unprocessable: 422, internal: 500 }[code];
      return { status, body: { error: error instanceof Error ? error.message : String(error), code } };
    }
    const { method, path } = request;
    const error = `The testing kit does not answer ${method} ${path}. Answer it with kit.answer("${method} ${path}", () => …).`;
    return { status: 404, body: { error, code: "not_found" } };
  }
}

async function sendEvents(response: ServerResponse, { open }: EventStream): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  for await (const event of open(gone.signal)) response.write(event);
  response.end();
}

async function textOf(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}
