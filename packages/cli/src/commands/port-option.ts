import { InvalidArgumentError, Option } from "commander";
import { defaultPort } from "../dev/own-port.ts";

/**
 * The `--port` of commands that start a server.
 *
 * @returns the option
 */
export function portOption(): Option {
  return new Option("-p, --port <number>", "the port to listen on; 0 takes a free one")
    .env("PORT")
    .default(defaultPort)
    .argParser((text) => {
      const port = Number(text);
      if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
      throw new InvalidArgumentError("Give a port from 0 to 65535.");
    });
}
