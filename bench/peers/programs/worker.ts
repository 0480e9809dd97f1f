import type { WorkerCalls } from "../protocol.ts";
import { loadAdapter } from "./all-adapters.ts";
import { makeBody, type WatchedBody } from "./body.ts";
import { serve } from "./serve.ts";

// The worker of a package: forked, executes jobs, and ends with whoever forked it.

let made: WatchedBody | undefined;

function body(): WatchedBody {
  if (made === undefined) throw new Error("The worker was not started.");
  return made;
}

const now = () => process.hrtime.bigint().toString();

serve<WorkerCalls>({
  async start({ adapter, settings, body: bodySettings }) {
    made = makeBody(bodySettings);
    await (await loadAdapter(adapter)).work(settings, made);
    return null;
  },
  async close_gate() {
    body().gate.close();
    return null;
  },
  async open_gate() {
    const atNs = now();
    body().gate.open();
    return { atNs };
  },
  async await_handled({ count, timeoutMs }) {
    await body().until(() => body().handled() >= count, timeoutMs);
    return { count: body().handled(), atNs: now() };
  },
  async count_handled() {
    return { count: body().handled(), atNs: now() };
  },
  async moments() {
    return { startedAtNs: [...body().startedAtNs] };
  },
  async await_waits({ count, timeoutMs }) {
    await body().until(() => body().waitsMs.length >= count, timeoutMs);
    return { tookMs: body().waitsMs };
  },
});
