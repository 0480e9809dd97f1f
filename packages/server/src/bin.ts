import { readServerSettings } from "./config.ts";
import { startServer } from "./main.ts";
import { StartError } from "./start-error.ts";

// A server as a process of its own: settings from the environment, stopped by SIGINT or SIGTERM.

try {
  const server = await startServer(readServerSettings(process.env));
  console.log(`Pawl listens on ${server.url}`);
  const stop = () => {
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
} catch (error) {
  console.error(error instanceof StartError ? error.message : error);
  process.exitCode = 1;
}
