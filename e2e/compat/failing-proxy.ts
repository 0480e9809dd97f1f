import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** What becomes of a request: it is forwarded; it is, and its answer is lost; or it is answered in place of the server. */
export type Fate =
  | "forward"
  | "lose_answer"
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

/** A proxy that stands between a client and a server and fails as it is told to. */
export interface FailingProxy {
  readonly url: string;
  /** Decides on the requests from now on, and begins to count them; the first one is number 1. */
  decide(fate: (number: number) => Fate): void;
  /** How many requests came since then. */
  count(): number;
}

/**
 * Starts a proxy that ends with the test.
 *
 * @param t - the test
 * @param target - the base URL of the server
 * @returns the proxy, which forwards until it is told otherwise
 */
export async function startFailingProxy(t: TestContext, target: string): Promise<FailingProxy> {
  let fate: (number: number) => Fate = () => "forward";
  let count = 0;
  const server = createServer((request, response) => {
    count++;
    const decided = fate(count);
    if (typeof decided === "object") {
      request.resume();
      response.writeHead(decided.status, decided.headers).end(decided.body ?? "");
      return;
    }
    const onward = forward(
      `${target}${request.url}`,
      { method: request.method, headers: request.headers },
      (answer) => {
        if (decided === "lose_answer") {
          answer.resume().on("end", () => response.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    decide(decision) {
      fate = decision;
      count = 0;
    },
    count: () => count,
  };
}
