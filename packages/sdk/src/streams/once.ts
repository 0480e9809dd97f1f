import { InputStreamTimeoutError } from "../errors/wait-error.ts";
import type { InputStreamOnceOptions } from "./input-types.ts";
import { InputStreamOncePromise } from "./once-promise.ts";
import { runInput } from "./run-input.ts";

/** @see RealtimeDefinedInputStream.once */
export function once<T>(key: string, { timeoutMs, signal }: InputStreamOnceOptions = {}): InputStreamOncePromise<T> {
  return new InputStreamOncePromise<T>((resolve, reject) => {
    const { input } = runInput("The once of an input stream", key);
    signal?.throwIfAborted();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    const abort = () => {
      end();
      takeBack();
      reject(signal?.reason);
    };
    const takeBack = input.take({
      onRecord(data) {
        end();
        resolve({ ok: true, output: data as T }); // of the type that the stream's definition says
      },
      onFailure(error) {
        end();
        reject(error);
      },
    });
    signal?.addEventListener("abort", abort, { once: true });
    if (timeoutMs === undefined) return;
    timer = setTimeout(() => {
      end();
      takeBack();
      resolve({ ok: false, error: new InputStreamTimeoutError(key, timeoutMs) });
    }, timeoutMs);
  });
}
