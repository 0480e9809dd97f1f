import { moments } from "@pawl/contract/moments";
import {
  type SentHostMessage,
  type ServerMessage,
  serverMessageSchema,
  workerConnectPath,
} from "@pawl/contract/worker-protocol";
import { WebSocket } from "ws";

const firstDelayMs = 50;
const longestDelayMs = 1_000;

/** What a connection tells its owner. */
export interface ConnectionObserver {
  /** The first message of each connection; made anew each time. */
  hello(): SentHostMessage;
  received(message: ServerMessage): void;
  connected(): void;
  disconnected(): void;
  /** The server answers, but not to this host: a wrong key, or a refusal. */
  refused(reason: string): void;
  /** Nothing was sent for a third of the lease. */
  idle(): void;
}

/** The WebSocket to the server, which is opened again for as long as the host lives. */
export class ServerConnection {
  readonly #url: string;
  readonly #secretKey: string;
  #observer: ConnectionObserver | null = null;
  #socket: WebSocket | null = null;
  #isWelcome = false;
  #isClosed = false;
  #delayMs = firstDelayMs;
  #retry: NodeJS.Timeout | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #hasSent = false;
  #hasHeard = false;

  constructor(apiUrl: string, secretKey: string) {
    this.#url = `${apiUrl.replace(/\/+$/, "").replace(/^http/, "ws")}${workerConnectPath}`;
    this.#secretKey = secretKey;
  }

  /** Whether the server has welcomed this connection. */
  get isConnected(): boolean {
    return this.#isWelcome;
  }

  /** Opens the connection, again and again until it is closed. @param observer - who is told */
  open(observer: ConnectionObserver): void {
    this.#observer = observer;
    this.#connect(observer);
  }

  /** Sends a message. @returns false when there is no connection */
  send(message: SentHostMessage): boolean {
    if (!this.#isWelcome || this.#socket === null) return false;
    this.#hasSent = true;
    moments.messageSent.publish(message);
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Closes the connection for good. */
  close(): void {
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#stopHeartbeat();
    this.#socket?.close();
    const socket = this.#socket;
    setTimeout(() => socket?.terminate(), 500).unref();
  }

  #connect(observer: ConnectionObserver): void {
    const socket = new WebSocket(this.#url, {
      perMessageDeflate: false,
      handshakeTimeout: 5_000,
      headers: { authorization: `Bearer ${this.#secretKey}` },
    });
    this.#socket = socket;
    socket.on("open", () => socket.send(JSON.stringify(observer.hello())));
    socket.on("message", (text) => this.#receive(String(text)));
    socket.on("pong", () => {
      this.#hasHeard = true;
    });
    socket.on("unexpected-response", (_request, response) => {
      response.resume();
      this.#observer?.refused(refusalOf(response.statusCode ?? 0));
      socket.terminate();
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => this.#lost(socket, observer));
  }

  #receive(text: string): void {
    this.#hasHeard = true;
    const parsed = serverMessageSchema.safeParse(JSON.parse(text));
    if (!parsed.success) {
      this.#observer?.refused(`The server sent a message that this worker does not know: ${text.slice(0, 200)}`);
      return;
    }
    const message = parsed.data;
    moments.messageReceived.publish(message);
    if (message.type === "welcome") {
      this.#isWelcome = true;
      this.#delayMs = firstDelayMs;
      this.#startHeartbeat(message.leaseMs / 3);
      this.#observer?.connected();
    }
    this.#observer?.received(message);
  }

  #lost(socket: WebSocket, observer: ConnectionObserver): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    this.#stopHeartbeat();
    if (this.#isWelcome) {
      this.#isWelcome = false;
      this.#observer?.disconnected();
    }
    if (this.#isClosed) return;
    const delayMs = this.#delayMs * (0.5 + Math.random() / 2);
    this.#delayMs = Math.min(longestDelayMs, this.#delayMs * 2);
    this.#retry = setTimeout(() => this.#connect(observer), delayMs);
  }

  // A server that is gone without closing (a cable, a sleeping machine) shows by its silence.
  #startHeartbeat(intervalMs: number): void {
    this.#stopHeartbeat();
    this.#hasHeard = true;
    this.#heartbeat = setInterval(() => {
      if (!this.#hasHeard) return this.#socket?.terminate();
      this.#hasHeard = false;
      this.#socket?.ping();
      if (!this.#hasSent) this.#observer?.idle();
      this.#hasSent = false;
    }, intervalMs);
  }

  #stopHeartbeat(): void {
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    this.#heartbeat = null;
  }
}

function refusalOf(status: number): string {
  if (status === 401 || status === 403) return "The server does not accept the secret key. Check TRIGGER_SECRET_KEY.";
  if (status === 404) return "There is no Pawl server at this URL. Check TRIGGER_API_URL.";
  return `The server answered with status ${status}.`;
}
