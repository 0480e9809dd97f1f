import { mergeRetryPolicies, type PartialRetryPolicy } from "@pawl/contract/retry";
import { runtime, type TaskDefinition } from "@pawl/sdk/runtime";
import type { BundleDescription } from "../channel/messages.ts";

/** The part of a project's configuration that counts here; a bundle exports it as `config`. */
interface BundleConfig {
  readonly retries?: { readonly default?: PartialRetryPolicy };
  readonly maxDuration?: number;
  readonly machine?: string;
  readonly processKeepAlive?: boolean | { readonly enabled?: boolean };
}

/**
 * Lists what an imported bundle defines, with the configuration's defaults merged under each task's own settings.
 *
 * @param bundle - the namespace of the bundle's module
 * @returns its tasks in the form of a manifest, and the ids that several files define
 */
export function describeBundle(bundle: unknown): BundleDescription {
  const config = configOf(bundle);
  const definitions = [...runtime().tasks.values()];
  const keepAlive = config.processKeepAlive ?? false;
  return {
    tasks: definitions.flatMap(([first]) => (first === undefined ? [] : [describeTask(first, config)])),
    processKeepAlive: typeof keepAlive === "boolean" ? keepAlive : (keepAlive.enabled ?? false),
    duplicates: definitions
      .filter((sameId) => sameId.length > 1)
      .map((sameId) => ({ id: sameId[0]?.id ?? "", filePaths: sameId.map((task) => task.filePath ?? "unknown file") })),
  };
}

function configOf(bundle: unknown): BundleConfig {
  if (typeof bundle !== "object" || bundle === null || !("config" in bundle)) return {};
  const { config } = bundle;
  return typeof config === "object" && config !== null ? config : {}; // every field is optional, and validated by the host
}

function describeTask(task: TaskDefinition, config: BundleConfig): unknown {
  return {
    id: task.id,
    filePath: task.filePath ?? "",
    exportName: task.exportName,
    description: task.description,
    queue: task.queue ?? { name: `task/${task.id}` },
    retry: mergeRetryPolicies(config.retries?.default, task.retry),
    maxDuration: task.maxDuration ?? config.maxDuration,
    machine: task.machine ?? config.machine,
  };
}
