import { callApi } from "../client/call.ts";
import { chunkText } from "./chunk-text.ts";
import type { SendInputStreamOptions } from "./input-types.ts";
import { streamPath } from "./stream-path.ts";

/** @see RealtimeDefinedInputStream.send */
export async function sendInput(
  runId: string,
  key: string,
  data: unknown,
  options: SendInputStreamOptions = {},
): Promise<void> {
  await callApi({
    method: "POST",
    path: streamPath(runId, key, "input"),
    body: `{"data":${chunkText(key, data)}}`,
    options: options.requestOptions,
  });
}
