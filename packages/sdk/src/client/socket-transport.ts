import type * as Net from "node:net";
import { AnswerParser, type ParsedAnswer } from "./answer-parser.ts";
import {
  type Answer,
  answerTimeoutMs,
  noAnswer,
  type OutgoingRequest,
  type Transport,
  TransportError,
} from "./transport.ts";

// HTTP/1.1 over plain sockets that stay open, one request at a time on each. It costs a fifth to a third of the processor time that
// `node:http` or `fetch` take for a request of this size, which counts where the caller shares a machine with its server.
// An idle socket does not keep the process alive.

const maxSocketsPerOrigin = 64;

/** A request that waits for its answer. */
interface Exchange {
  readonly request: OutgoingRequest;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: TransportError) => void;
}

/**
 * Makes a transport for `http:` URLs on Node.
 *
 * @param net - Node's `node:net`, which the caller has checked to be there
 * @returns the transport; it opens up to 64 sockets to each server, and further requests wait for a free one
 * @example
 * ```ts
 * const send = createSocketTransport(net);
 * await send({ baseUrl: "http://localhost:3030", path: "/healthcheck", method: "GET", headers: {} });
 * ```
 */
export function createSocketTransport(net: typeof Net): Transport {
  const pools = new Map<string, SocketPool>();
  return (request) => {
    let pool = pools.get(request.baseUrl);
    if (pool === undefined) {
      pool = new SocketPool(net, new URL(request.baseUrl));
      pools.set(request.baseUrl, pool);
    }
    return pool.send(request);
  };
}

/** The sockets to one server. */
class SocketPool {
  readonly #net: typeof Net;
  readonly #url: URL;
  readonly #prefix: string;
  readonly #idle: Connection[] = [];
  readonly #waiting: Exchange[] = [];
  #openCount = 0;

  constructor(net: typeof Net, url: URL) {
    this.#net = net;
    this.#url = url;
    this.#prefix = url.pathname.replace(/\/$/, "");
  }

  send(request: OutgoingRequest): Promise<Answer> {
    return new Promise((resolve, reject) => this.#assign({ request, resolve, reject }));
  }

  #assign(exchange: Exchange): void {
    const connection = this.#idle.pop();
    if (connection !== undefined) connection.carry(exchange, this.#textOf(exchange));
    else if (this.#openCount >= maxSocketsPerOrigin) this.#waiting.push(exchange);
    else this.#open(exchange);
  }

  #open(exchange: Exchange): void {
    let text: string;
    try {
      text = this.#textOf(exchange);
    } catch (error) {
      return exchange.reject(new TransportError(messageOf(error), error));
    }
    this.#openCount += 1;
    const host = this.#url.hostname.replace(/^\[|\]$/g, "");
    const socket = this.#net.connect({ host, port: Number(this.#url.port || 80), noDelay: true });
    const connection = new Connection(socket, this.#url.origin, {
      free: () => this.#free(connection),
      closed: (unanswered) => this.#closed(connection, unanswered),
    });
    connection.carry(exchange, text);
  }

  #free(connection: Connection): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#idle.push(connection);
      connection.rest();
    } else connection.carry(next, this.#textOf(next));
  }

  /** A server may close an idle socket just as it is used. Such a request goes out again; its request key makes that safe. */
  #closed(connection: Connection, unanswered: Exchange | null): void {
    this.#openCount -= 1;
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    const next = unanswered ?? this.#waiting.shift();
    if (next !== undefined) this.#open(next);
  }

  #textOf({ request }: Exchange): string {
    let head = `${request.method} ${this.#prefix}${request.path} HTTP/1.1\r\nhost: ${this.#url.host}\r\n`;
    for (const name in request.headers) head += `${name}: ${request.headers[name]}\r\n`;
    if (request.body !== undefined) head += `content-length: ${Buffer.byteLength(request.body)}\r\n`;
    else if (request.method !== "GET") head += "content-length: 0\r\n";
    return `${head}\r\n${request.body ?? ""}`;
  }
}

/** What a connection tells its pool. */
interface ConnectionEvents {
  free(): void;
  /** `unanswered`: a request that a socket in its second or later use took and of whose answer no byte came. */
  closed(unanswered: Exchange | null): void;
}

/** One socket and the request that it carries. */
class Connection {
  readonly #socket: Net.Socket;
  readonly #origin: string;
  readonly #events: ConnectionEvents;
  #exchange: Exchange | null = null;
  #parser = new AnswerParser();
  #answerCount = 0;
  #error: Error | undefined;

  constructor(socket: Net.Socket, origin: string, events: ConnectionEvents) {
    this.#socket = socket;
    this.#origin = origin;
    this.#events = events;
    socket.setTimeout(answerTimeoutMs, () => socket.destroy(new Error(`no answer in ${answerTimeoutMs / 1_000} s`)));
    socket.on("data", (piece: Buffer) => this.#receive(piece));
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("close", () => this.#close());
  }

  carry(exchange: Exchange, text: string): void {
    this.#exchange = exchange;
    this.#parser = new AnswerParser();
    this.#socket.ref();
    this.#socket.write(text);
  }

  rest(): void {
    this.#socket.unref();
  }

  #receive(piece: Buffer): void {
    if (this.#exchange === null) {
      this.#socket.destroy(); // bytes that nobody asked for
      return;
    }
    try {
      const parsed = this.#parser.push(piece);
      if (parsed !== null) this.#finish(parsed);
    } catch (error) {
      this.#socket.destroy(new Error(messageOf(error), { cause: error }));
    }
  }

  #finish({ answer, isReusable }: ParsedAnswer): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#answerCount += 1;
    if (isReusable && !this.#socket.destroyed) this.#events.free();
    else this.#socket.destroy();
    exchange?.resolve(answer);
  }

  #close(): void {
    const exchange = this.#exchange;
    if (exchange === null) return this.#events.closed(null);
    const last = this.#error === undefined ? this.#parser.close() : null;
    this.#exchange = null;
    if (last !== null) {
      exchange.resolve(last.answer);
      return this.#events.closed(null);
    }
    const isBroken = this.#error === undefined || isReset(this.#error);
    const isStale = isBroken && this.#answerCount > 0 && this.#parser.isUntouched;
    if (isStale) return this.#events.closed(exchange);
    const reason = this.#error === undefined ? "the connection closed" : messageOf(this.#error);
    exchange.reject(noAnswer(this.#origin + exchange.request.path, reason, this.#error));
    this.#events.closed(null);
  }
}

function isReset(error: Error): boolean {
  return "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
