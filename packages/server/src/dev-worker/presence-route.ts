import type { Route } from "../api/route.ts";
import type { Presence } from "./presence.ts";

/** How often a stream says that it still stands, in milliseconds. */
const beatMs = 4_000;

/**
 * `GET /engine/v1/dev/presence`: a stream of server-sent events that a dev session holds open for as long as it lives. Its end
 * is the only sign that the session has gone.
 *
 * @param presence - is told of sessions
 * @returns the route
 */
export function presenceRoute(presence: Presence): Route {
  return {
    method: "GET",
    path: "/engine/v1/dev/presence",
    accepts: "environment_key",
    answer(_request, reply, { environment }) {
      reply.hijack();
      const { raw } = reply;
      const depart = presence.arrive(environment.id, () => raw.end());
      raw.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        connection: "keep-alive",
        "x-accel-buffering": "no",
      });
      const send = (event: string) => raw.write(`event: ${event}\ndata: ${JSON.stringify({ now: Date.now() })}\n\n`);
      send("start");
      const beats = setInterval(() => {
        send("presence");
        presence.seen(environment.id);
      }, beatMs);
      raw.on("close", () => {
        clearInterval(beats);
        depart();
      });
    },
  };
}
