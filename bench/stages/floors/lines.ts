import type { Socket } from "node:net";

/**
 * Splits what a socket receives into lines.
 *
 * @param socket - the socket
 * @param onLine - is given each line
 */
export function readLines(socket: Socket, onLine: (line: string) => void): void {
  let begun = "";
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const lines = text.split("\n");
    lines[0] = begun + lines[0];
    begun = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
}
