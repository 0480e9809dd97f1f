import { Agent, request } from "node:http";
import { callDuring } from "./callers.ts";
import type { LoadCalls } from "./protocol.ts";

// About what a trigger call sends.
const body = JSON.stringify({ payload: '{"json":{"n":1}}', options: { payloadType: "application/super+json" } });

/**
 * Posts to the echo server as the trigger load does, with nothing but Node.
 *
 * @param load - where, how many at once, and how long
 * @returns the answered requests
 */
export async function echoDuring(
  load: LoadCalls["echo_during"]["request"],
): Promise<LoadCalls["echo_during"]["answer"]> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.callers });
  try {
    return await callDuring(load.callers, load.durationMs, () => post(load.url, agent));
  } finally {
    agent.destroy();
  }
}

function post(url: string, agent: Agent): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(url, { method: "POST", agent, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => resolve(JSON.parse(text)));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
