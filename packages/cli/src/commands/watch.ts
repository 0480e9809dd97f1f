import { UnreachableError } from "../api/client.ts";
import { onceStopped } from "../stop-signals.ts";
import { renderErrorMessage } from "../terminal/error-message.ts";
import { createLiveLines } from "../terminal/live-lines.ts";

const everyMs = 1_000;

/**
 * Draws lines again and again on the terminal, until Ctrl-C. A server that is away is told below them and asked again.
 *
 * @param look - gives the lines of now
 * @throws what `look` throws, but for a server that is away
 */
export async function watch(look: () => Promise<readonly string[]>): Promise<void> {
  const live = createLiveLines(process.stdout);
  const stopped = onceStopped(() => process.exit(130)).then(() => "stopped" as const);
  process.once("exit", () => live.end());
  let last: readonly string[] = [];
  const show = async () => {
    try {
      last = await look();
      live.draw(last);
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      live.draw([...last, ...renderErrorMessage(error)]);
    }
  };
  try {
    while ((await Promise.race([show(), stopped])) !== "stopped") {
      if ((await Promise.race([nextTime(), stopped])) === "stopped") break;
    }
  } finally {
    live.end();
  }
  process.exit(0);
}

/** Comes after a second, and at once when the terminal has another size. */
function nextTime(): Promise<void> {
  return new Promise((done) => {
    const go = () => {
      clearTimeout(timer);
      process.stdout.off("resize", go);
      done();
    };
    const timer = setTimeout(go, everyMs);
    process.stdout.once("resize", go);
  });
}
