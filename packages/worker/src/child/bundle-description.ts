import { parseDuration } from "@pawl/contract/duration";
import { mergeRetryPolicies } from "@pawl/contract/retry";
import type { EndHookKind } from "@pawl/contract/task-manifest";
import { type HookName, runtime, type TaskDefinition } from "@pawl/sdk/runtime";
import type { BundleDescription, UnsharedTasks } from "../channel/messages.ts";
import { type BundleConfig, configOf } from "./bundle-config.ts";

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

/** Says which tasks of the imported bundle have to keep their process to themselves while they wait. */
export function unsharedTasks(): UnsharedTasks {
  const { tasks, globalHooks } = runtime();
  const waitHooks: readonly HookName[] = ["onWait", "onResume"];
  const definitions = [...tasks.values()].flatMap(([first]) => (first === undefined ? [] : [first]));
  return {
    all: globalHooks.some(({ name }) => waitHooks.includes(name)),
    taskIds: definitions
      .filter(({ hooks }) => waitHooks.some((name) => hooks?.[name] !== undefined))
      .map(({ id }) => id),
  };
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
    ttl: task.ttl ?? ttlOf(config),
    machine: task.machine ?? config.machine,
    endHooks: endHooksOf(task),
    isScheduled: task.isScheduled,
    schedule: task.schedule,
  };
}

/** What to call when a run has ended without its process. Absent without such hooks, as most tasks are. */
function endHooksOf({ hooks }: TaskDefinition): readonly EndHookKind[] | undefined {
  const has = (name: HookName) =>
    hooks?.[name] !== undefined || runtime().globalHooks.some((global) => global.name === name);
  const kinds: EndHookKind[] = [];
  if (has("onFailure") || has("onComplete")) kinds.push("onFailure");
  if (has("onCancel")) kinds.push("onCancel");
  return kinds.length === 0 ? undefined : kinds;
}

/** In seconds; what is no duration is left for the validation of the manifest. */
function ttlOf({ ttl }: BundleConfig): unknown {
  if (typeof ttl !== "string") return ttl;
  const lengthMs = parseDuration(ttl);
  return lengthMs === null ? ttl : lengthMs / 1_000;
}
