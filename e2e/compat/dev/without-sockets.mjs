// Loaded into the original's command line by its tests: its socket never opens, as behind a proxy that lets none through.

import http from "node:http";
import { syncBuiltinESMExports } from "node:module";

for (const name of ["request", "get"]) {
  const really = http[name];
  http[name] = (...args) => {
    const request = really(...args);
    if (args.some((arg) => typeof arg === "object" && String(arg?.path).startsWith("/socket.io/"))) {
      request.destroy(new Error("no sockets here"));
    }
    return request;
  };
}
syncBuiltinESMExports();
