import { createServer } from "node:http";
import { createServer as createLineServer } from "node:net";
import { WebSocketServer } from "ws";
import { readLines } from "./lines.ts";

// The other end of the bare loops, forked: reads what comes over HTTP, a WebSocket and a socket with lines, and answers at once
// with when it had read it. Tells where it listens, and how much processor time it used whenever it is asked; ends with whoever
// forked it.

const read = (text: string): string => {
  const reply: unknown = JSON.parse(text).reply ?? null;
  return JSON.stringify({ readAtNs: String(process.hrtime.bigint()), reply });
};

const http = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (piece: string) => {
    text += piece;
  });
  request.on("end", () => {
    const answer = read(text);
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});

const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("message", (text) => socket.send(read(String(text))));
});

const lines = createLineServer({ noDelay: true }, (socket) => {
  readLines(socket, (line) => socket.write(`${read(line)}\n`));
  socket.on("error", () => {}); // whoever forked this has ended
});

const portOf = (server: { address(): ReturnType<typeof http.address> }): number => {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};

http.listen(0, "127.0.0.1", () => {
  lines.listen(0, "127.0.0.1", () => process.send?.({ httpPort: portOf(http), linePort: portOf(lines) }));
});
process.on("message", () => process.send?.({ cpu: process.cpuUsage() }));
process.once("disconnect", () => process.exit(0));
