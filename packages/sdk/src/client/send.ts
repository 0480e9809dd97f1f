import { sendWithFetch } from "./fetch-transport.ts";
import { environmentVariable, nodeModule } from "./node-modules.ts";
import { createSocketTransport } from "./socket-transport.ts";
import type { Answer, OutgoingRequest, Transport } from "./transport.ts";

let plainTransport: Transport | null = null;

/**
 * Sends one request in the cheapest way that the runtime offers: over own sockets for `http:` on Node, with `fetch` elsewhere.
 *
 * @param request - the request
 * @returns the whole answer, whatever its status
 * @throws TransportError when no complete answer came
 * @example
 * ```ts
 * await send({ baseUrl: "http://localhost:3030", path: "/healthcheck", method: "GET", headers: {} });
 * ```
 */
export function send(request: OutgoingRequest): Promise<Answer> {
  if (!request.baseUrl.startsWith("http:")) return sendWithFetch(request);
  plainTransport ??= choosePlainTransport();
  return plainTransport(request);
}

function choosePlainTransport(): Transport {
  const net = nodeModule("node:net");
  const isProxied = environmentVariable("NODE_USE_ENV_PROXY") !== undefined; // only fetch follows the proxy variables
  return net === null || isProxied ? sendWithFetch : createSocketTransport(net);
}
