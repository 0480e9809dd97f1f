import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { WebSocket } from "ws";
import { readLines } from "./lines.ts";

/** The ways to another process. */
export type HopName = "http" | "websocket" | "line";

/** Sends text to the peer, and gives what it answered. */
type Hop = (text: string) => Promise<PeerAnswer>;

interface PeerAnswer {
  /** When the peer had read it, on the machine's monotonic clock. */
  readonly readAtNs: string;
}

/** Bare ways to a process that does nothing else. */
export interface BareHops {
  /** Sends a message: from before it is written as JSON until the peer has read it. @returns milliseconds */
  oneWayMs(hop: HopName, message: unknown): Promise<number>;
  /**
   * Sends a message again and again and has each answered with another, so many at once.
   *
   * @returns the processor time of both ends for each message, in microseconds
   */
  cpuOf(hop: HopName, load: HopLoad): Promise<{ readonly ownUs: number; readonly peerUs: number }>;
  close(): Promise<void>;
}

/** What goes back and forth. */
interface HopLoad {
  readonly message: object;
  readonly reply: unknown;
  readonly count: number;
  readonly atOnce: number;
}

/**
 * Starts the peer and opens a way of each kind to it.
 *
 * @returns the ways
 */
export async function openBareHops(): Promise<BareHops> {
  const peer = fork(join(import.meta.dirname, "peer.ts"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [{ httpPort, linePort }] = await once(peer, "message");
  const agent = new Agent({ keepAlive: true });
  const socket = new WebSocket(`ws://127.0.0.1:${httpPort}`, { perMessageDeflate: false });
  const line = connect({ port: linePort, host: "127.0.0.1", noDelay: true });
  await Promise.all([once(socket, "open"), once(line, "connect")]);
  const fromSocket = inTurn((text) => socket.send(text));
  socket.on("message", (text) => fromSocket.answered(String(text)));
  const fromLine = inTurn((text) => line.write(`${text}\n`));
  readLines(line, fromLine.answered);
  const hops: Readonly<Record<HopName, Hop>> = {
    http: (text) => post(httpPort, agent, text),
    websocket: fromSocket.send,
    line: fromLine.send,
  };
  const peerCpu = async () => {
    peer.send("cpu");
    const [{ cpu }] = await once(peer, "message");
    return sumOf(cpu);
  };
  return {
    async oneWayMs(hop, message) {
      const sentAtNs = process.hrtime.bigint();
      const { readAtNs } = await hops[hop](JSON.stringify(message));
      return Number(BigInt(readAtNs) - sentAtNs) / 1e6;
    },
    async cpuOf(hop, { message, reply, count, atOnce }) {
      const send = async (messages: number) => {
        let left = messages;
        const caller = async () => {
          while (left-- > 0) await hops[hop](JSON.stringify({ ...message, reply }));
        };
        await Promise.all(Array.from({ length: atOnce }, caller));
      };
      await send(Math.ceil(count / 4)); // warms
      const before = { own: sumOf(process.cpuUsage()), peer: await peerCpu() };
      await send(count);
      const own = sumOf(process.cpuUsage()) - before.own;
      return { ownUs: own / count, peerUs: ((await peerCpu()) - before.peer) / count };
    },
    async close() {
      agent.destroy();
      socket.terminate();
      line.destroy();
      const ended = once(peer, "exit");
      peer.disconnect();
      await ended;
    },
  };
}

/** Pairs what was sent with the answers, which come in the same order. */
function inTurn(write: (text: string) => void) {
  const waiting: ((answer: PeerAnswer) => void)[] = [];
  return {
    send: (text: string) =>
      new Promise<PeerAnswer>((resolve) => {
        waiting.push(resolve);
        write(text);
      }),
    answered: (text: string) => waiting.shift()?.(JSON.parse(text) as PeerAnswer), // both ends are the bench's
  };
}

function post(port: number, agent: Agent, text: string): Promise<PeerAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    const sent = request({ port, host: "127.0.0.1", method: "POST", path: "/", agent, headers }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        body += piece;
      });
      answer.on("end", () => resolve(JSON.parse(body) as PeerAnswer)); // both ends are the bench's
    });
    sent.on("error", reject);
    sent.end(text);
  });
}

function sumOf({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}
