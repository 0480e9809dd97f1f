import type { Measure } from "./measure.ts";

const callers = 50;

/** A bare `node:http` client, 50 requests at once, and a bare `node:http` server that parses and echoes JSON. */
export const calibrationHttp: Measure = {
  gives: ["calibration_http_per_s"],
  async sample(system) {
    await system.withoutWorker();
    const { child, url } = await system.startEchoServer();
    try {
      await system.load.call("echo_during", { url, callers, durationMs: 500 });
      const { count, elapsedMs } = await system.load.call("echo_during", { url, callers, durationMs: 2_000 });
      return { calibration_http_per_s: (count / elapsedMs) * 1_000 };
    } finally {
      await child.stop();
    }
  },
};
