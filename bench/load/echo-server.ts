import { createServer } from "node:http";

// The echo server of the calibration, forked: tells its URL, and ends when whoever forked it is gone.

const server = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (piece: string) => {
    text += piece;
  });
  request.on("end", () => {
    const answer = JSON.stringify({ received: JSON.parse(text) });
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) });
    response.end(answer);
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.send?.({ url: `http://127.0.0.1:${address.port}/` });
});
process.once("disconnect", () => process.exit(0));
