import * as restate from "@restatedev/restate-sdk";
import * as clients from "@restatedev/restate-sdk-clients";
import type { Adapter, Body } from "./adapter.ts";

const serviceName = "bench";

function serviceOf(body: Body) {
  const noop = async (_context: restate.Context, n: number) => {
    await body.noop(n);
  };
  const child = (context: restate.Context, n: number) =>
    context.serviceClient<{ noop: typeof noop }>({ name: serviceName }).noop(n);
  const timed = async (wait: () => Promise<unknown>) => {
    const beganAtMs = performance.now();
    await wait();
    body.waited(performance.now() - beganAtMs);
  };
  return restate.service({
    name: serviceName,
    handlers: {
      noop,
      hold: (_context: restate.Context, n: number) => body.hold(n),
      parent: (context: restate.Context, n: number) => timed(() => child(context, n)),
      fan_out: (context: restate.Context, children: number) =>
        timed(() => restate.RestatePromise.all(Array.from({ length: children }, (_, n) => child(context, n)))),
    },
  });
}

type Service = ReturnType<typeof serviceOf>;

async function askAdmin<T>(adminUrl: string | undefined, path: string, body: unknown): Promise<T> {
  const answer = await fetch(`${adminUrl}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`Restate's ${path} answers ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Restate: its server calls the worker over HTTP/2. It has no bulk call. */
export const restatePeer: Adapter = {
  async connect({ url, adminUrl }) {
    const bench = clients.connect({ url }).serviceSendClient<Service>({ name: serviceName });
    return {
      enqueue: (kind, n) => bench[kind](n),
      async isDrained() {
        const query = "select count(1) as unfinished from sys_invocation where status <> 'completed'";
        const { rows } = await askAdmin<{ rows: { unfinished: number }[] }>(adminUrl, "/query", { query });
        return rows[0]?.unfinished === 0;
      },
    };
  },
  async work({ adminUrl, workerPort = 0 }, body) {
    await restate.serve({ services: [serviceOf(body)], port: workerPort });
    const known = await fetch(`${adminUrl}/services/${serviceName}`);
    if (!known.ok) await askAdmin(adminUrl, "/deployments", { uri: `http://127.0.0.1:${workerPort}` });
  },
};
