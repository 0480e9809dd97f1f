import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { LoadCalls, LoadReply } from "../load/protocol.ts";
import { type Child, forkNode } from "./child.ts";
import type { Product } from "./product.ts";
import { childEnv, type Server } from "./server.ts";
import type { WorkFolder } from "./work-folder.ts";

/** The load process. */
export interface Load {
  readonly child: Child;
  /**
   * Asks for load and waits until it is done.
   *
   * @throws Error with the stack of the load process when it fails
   */
  call<Kind extends keyof LoadCalls>(
    kind: Kind,
    request: LoadCalls[Kind]["request"],
  ): Promise<LoadCalls[Kind]["answer"]>;
}

/** What forked programs are started with. */
export interface LoadPlan {
  readonly product: Product;
  readonly folder: WorkFolder;
}

/**
 * Starts the load process.
 *
 * @param plan - with which product
 * @param server - which it triggers at
 * @returns the process
 */
export function startLoad({ product, folder }: LoadPlan, server: Server): Load {
  const child = forkNode(join(folder.loadDir, "main.ts"), {
    args: product.nodeArgs,
    cwd: folder.dir,
    env: childEnv({
      TRIGGER_API_URL: server.apiUrl,
      TRIGGER_SECRET_KEY: server.secretKey,
      ...originalSdk(),
    }),
    logPath: folder.logPath("load"),
  });
  const waiting = new Map<
    number,
    { resolve(answer: LoadCalls[keyof LoadCalls]["answer"]): void; reject(error: Error): void }
  >();
  child.process.on("message", (message) => {
    const reply = message as LoadReply; // both ends share protocol.ts
    const caller = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ("error" in reply) caller?.reject(new Error(`The load failed: ${reply.error}`));
    else caller?.resolve(reply.answer);
  });
  let lastId = 0;
  return {
    child,
    call: <Kind extends keyof LoadCalls>(kind: Kind, request: LoadCalls[Kind]["request"]) =>
      new Promise<LoadCalls[Kind]["answer"]>((resolve, reject) => {
        const id = ++lastId;
        // The answer to a request has the type that LoadCalls pairs with it.
        waiting.set(id, { resolve: (answer) => resolve(answer as LoadCalls[Kind]["answer"]), reject });
        child.process.send({ id, kind, request });
      }),
  };
}

/** Where the original's SDK is installed: with the tests of compatibility, which alone depend on it. */
function originalSdk(): { readonly PAWL_BENCH_ORIGINAL_SDK?: string } {
  const tests = join(import.meta.dirname, "..", "..", "e2e", "compat", "package.json");
  try {
    return { PAWL_BENCH_ORIGINAL_SDK: pathToFileURL(createRequire(tests).resolve("@trigger.dev/sdk")).href };
  } catch {
    return {};
  }
}

/**
 * Starts the echo server of the calibration.
 *
 * @param plan - where
 * @returns the process and its URL
 */
export async function startEchoServer({
  product,
  folder,
}: LoadPlan): Promise<{ readonly child: Child; readonly url: string }> {
  const child = forkNode(join(folder.loadDir, "echo-server.ts"), {
    args: product.nodeArgs,
    cwd: folder.dir,
    env: childEnv({}),
    logPath: folder.logPath("echo-server"),
  });
  const [message] = await once(child.process, "message");
  return { child, url: String(message.url) };
}
