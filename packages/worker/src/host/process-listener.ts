import { timingSafeEqual } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";

/** The part of a link that a listener needs; see `channel/link.ts`. */
interface Attachable {
  readonly received: number;
  attach(socket: Socket, peerReceived: number): void;
  detach(socket: Socket): void;
  reader(): { push(text: string): void };
}

interface Expected {
  readonly token: string;
  readonly link: Attachable;
  socket: Socket | null;
  onClosed: (() => void) | null;
}

const maxHandshakeLength = 512;
const handshakeTimeoutMs = 2_000;

/** The loopback port on which run processes reach their host; each has a token of its own. */
export class ProcessListener {
  readonly #server: Server = createServer({ noDelay: true }, (socket) => this.#greet(socket));
  readonly #expected = new Map<string, Expected>();
  readonly #sockets = new Set<Socket>();

  /** Where it listens on 127.0.0.1, once it does. */
  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("The control channel has no port.");
    return address.port;
  }

  /** Starts to listen. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    this.#server.unref();
  }

  /** Lets a process connect, as often as it needs to. */
  expect(processId: string, token: string, link: Attachable): void {
    this.#expected.set(processId, { token, link, socket: null, onClosed: null });
  }

  /** Refuses a process from now on, and closes its connection. */
  forget(processId: string): void {
    this.#expected.get(processId)?.socket?.destroy();
    this.#expected.delete(processId);
  }

  /** Calls back once everything that a dead process had sent is read; at the latest after 200 ms. */
  whenDrained(processId: string, callback: () => void): void {
    const expected = this.#expected.get(processId);
    if (expected === undefined || expected.socket === null) return callback();
    const timer = setTimeout(finish, 200);
    expected.onClosed = finish;
    function finish(): void {
      clearTimeout(timer);
      if (expected !== undefined) expected.onClosed = null;
      callback();
    }
  }

  /** Breaks the connection of a process, as a network fault would; it connects again. */
  disconnect(processId: string): void {
    this.#expected.get(processId)?.socket?.destroy();
  }

  /** Stops listening and closes every connection. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#expected.clear();
  }

  #greet(socket: Socket): void {
    let head = "";
    this.#sockets.add(socket);
    socket.setEncoding("utf8");
    socket.setTimeout(handshakeTimeoutMs, () => socket.destroy());
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => this.#sockets.delete(socket));
    const onHead = (text: string): void => {
      head += text;
      const end = head.indexOf("\n");
      if (end === -1 ? head.length > maxHandshakeLength : end > maxHandshakeLength) return void socket.destroy();
      if (end === -1) return;
      socket.off("data", onHead);
      this.#admit(socket, head.slice(0, end), head.slice(end + 1));
    };
    socket.on("data", onHead);
  }

  #admit(socket: Socket, line: string, rest: string): void {
    const hello = parseHello(line);
    const expected = hello === null ? undefined : this.#expected.get(hello.processId);
    if (hello === null || expected === undefined || !isSameToken(hello.token, expected.token)) {
      socket.destroy();
      return;
    }
    socket.setTimeout(0);
    expected.socket?.destroy();
    expected.socket = socket;
    const { link } = expected;
    const reader = link.reader();
    socket.on("data", (text: string) => reader.push(text));
    socket.on("close", () => {
      link.detach(socket);
      if (expected.socket !== socket) return;
      expected.socket = null;
      expected.onClosed?.();
    });
    socket.write(`["welcome",${link.received}]\n`);
    link.attach(socket, hello.received);
    if (rest !== "") reader.push(rest);
  }
}

function parseHello(line: string): { processId: string; token: string; received: number } | null {
  try {
    const parsed: unknown = JSON.parse(line);
    if (!Array.isArray(parsed)) return null;
    const [word, processId, token, received]: unknown[] = parsed;
    if (word !== "hello" || typeof processId !== "string" || typeof token !== "string") return null;
    return typeof received === "number" ? { processId, token, received } : null;
  } catch {
    return null;
  }
}

function isSameToken(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}
