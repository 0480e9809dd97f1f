import type { Socket } from "node:net";
import { moments } from "@pawl/contract/moments";
import { LineSplitter } from "./line-splitter.ts";

interface Message {
  readonly kind: string;
  readonly body: unknown;
}

/** After this many messages without one going the other way, an acknowledgement is sent by itself. */
const ackEvery = 32;

/**
 * One end of the control channel, which outlives its sockets: messages are numbered, kept until the other side has
 * acknowledged them, and sent again over the next socket. Each message is delivered once and in order.
 */
export class Link<Out extends Message, In extends Message> {
  readonly #onMessage: (message: In) => void;
  #socket: Socket | null = null;
  #sent = 0;
  #received = 0;
  #ackSent = 0;
  #unacked: string[] = [];
  #unackedLength = 0;
  #buffer = "";
  #isFlushDue = false;

  constructor(onMessage: (message: In) => void) {
    this.#onMessage = onMessage;
  }

  /** The number of the last message received. */
  get received(): number {
    return this.#received;
  }

  /** Characters sent and not yet acknowledged. */
  get backlogLength(): number {
    return this.#unackedLength;
  }

  /** Sends a message at once, together with all that was posted before it. */
  send(message: Out): void {
    this.#append(message);
    this.flush();
  }

  /** Sends a message with the next one that is sent, or at the end of this turn of the event loop. */
  post(message: Out): void {
    this.#append(message);
    if (this.#buffer.length > 64 * 1024) this.flush();
    else if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      setImmediate(() => this.flush());
    }
  }

  /** Writes what was posted to the socket, in one piece. */
  flush(): void {
    this.#isFlushDue = false;
    if (this.#buffer === "") return;
    const text = this.#buffer;
    this.#buffer = "";
    this.#socket?.write(text); // without a socket it stays among the unacknowledged
  }

  /**
   * Goes on over a new socket whose handshake is done.
   *
   * @param socket - an open socket; whoever closes the last one calls `detach`
   * @param peerReceived - the number of the last message that the other side has seen
   */
  attach(socket: Socket, peerReceived: number): void {
    this.#forget(peerReceived);
    this.#buffer = "";
    this.#socket = socket;
    if (this.#unacked.length > 0) socket.write(this.#unacked.join(""));
  }

  /** Makes a reader for the text that arrives over one socket, behind the handshake. */
  reader(): LineSplitter {
    return new LineSplitter((line) => this.#receive(line));
  }

  /** Lets go of a socket that has closed; messages wait for the next one. */
  detach(socket: Socket): void {
    if (this.#socket === socket) this.#socket = null;
  }

  #append(message: Out): void {
    moments.lineSent.publish(message);
    const { kind, body } = message;
    this.#sent++;
    this.#ackSent = this.#received;
    const line = `[${this.#sent},${this.#received},"${kind}",${JSON.stringify(body)}]\n`;
    this.#unacked.push(line);
    this.#unackedLength += line.length;
    this.#buffer += line;
  }

  #forget(peerReceived: number): void {
    const first = this.#sent - this.#unacked.length + 1;
    for (let number = first; number <= peerReceived; number++) {
      const line = this.#unacked.shift();
      this.#unackedLength -= line === undefined ? 0 : line.length;
    }
  }

  #receive(line: string): void {
    // Both ends of this channel are this package's own code, so the shape is known.
    const [number, ack, kind, body] = JSON.parse(line) as [number, number, In["kind"], In["body"]];
    this.#forget(ack);
    if (number !== this.#received + 1) return; // a bare acknowledgement, or a message that was seen before
    this.#received = number;
    const message = { kind, body } as In;
    moments.lineReceived.publish(message);
    this.#onMessage(message);
    if (this.#received - this.#ackSent >= ackEvery) {
      this.#ackSent = this.#received;
      this.#socket?.write(`[0,${this.#received},"ack",null]\n`);
    }
  }
}
