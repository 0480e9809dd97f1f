import { connect, type Socket } from "node:net";
import { LineSplitter } from "../channel/line-splitter.ts";
import type { Link } from "../channel/link.ts";
import { type ChildToHost, type HostToChild, reconnectWindowMs } from "../channel/messages.ts";
import { endProcess } from "./process-exit.ts";

interface HostAddress {
  readonly port: number;
  readonly processId: string;
  readonly token: string;
}

/**
 * Keeps a link connected to the host: connects, does the handshake, and connects again when the socket is lost. When the host
 * can't be reached for 1.5 s it is taken for gone and this process ends, so that none outlives its host.
 *
 * @param address - where the host listens, and who this process is
 * @param link - the link that the socket serves
 */
export function keepConnected(address: HostAddress, link: Link<ChildToHost, HostToChild>): void {
  let lostAt: number | null = performance.now();

  const open = (): void => {
    const socket: Socket = connect({ port: address.port, host: "127.0.0.1", noDelay: true });
    const messages = link.reader();
    let isWelcome = false;
    const handshake = new LineSplitter((line) => {
      if (isWelcome) return;
      isWelcome = true;
      lostAt = null;
      const [, received] = JSON.parse(line) as ["welcome", number]; // the host's first line, see messages.ts
      link.attach(socket, received);
    });
    socket.setEncoding("utf8");
    socket.on("connect", () => {
      socket.write(`${JSON.stringify(["hello", address.processId, address.token, link.received])}\n`);
    });
    socket.on("data", (text: string) => {
      if (isWelcome) return messages.push(text);
      const end = text.indexOf("\n") + 1;
      handshake.push(end === 0 ? text : text.slice(0, end));
      if (end > 0 && end < text.length) messages.push(text.slice(end));
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => {
      link.detach(socket);
      lostAt ??= performance.now();
      if (performance.now() - lostAt > reconnectWindowMs) endProcess(0);
      setTimeout(open, 50);
    });
  };
  open();
}
