import type { TaskHooks } from "../hooks/task-hooks.ts";
import { isMachine, machineNames } from "../options/machine.ts";
import { type OptionNames, unknownOption } from "../options/option-names.ts";
import { retryProblem } from "../options/retry-problem.ts";
import type { TaskOptions, TaskSettings } from "./task-types.ts";

type AnyTaskOptions = TaskOptions<string, never, unknown>;

const settingNames: OptionNames<TaskSettings<string>> & OptionNames<TaskHooks<never>> & { readonly run: true } = {
  id: true,
  run: true,
  description: true,
  retry: true,
  queue: true,
  machine: true,
  maxDuration: true,
  ttl: true,
  jsonSchema: true,
  middleware: true,
  init: true,
  onStart: true,
  onStartAttempt: true,
  onSuccess: true,
  onFailure: true,
  onComplete: true,
  cleanup: true,
  onWait: true,
  onResume: true,
  onCancel: true,
  catchError: true,
  handleError: true,
};

/** What tasks of some kinds have beside. */
const namesOfKinds = { schema: true, cron: true } as const;

/**
 * Checks the settings of a task that is defined, so far as nothing else does.
 *
 * @param options - as they were written
 * @param ofKind - what tasks of its kind have beside
 * @throws TypeError that names the task and the setting, and says what it must be
 * @example
 * ```ts
 * checkSettings({ id: "t", run: () => 1, maxDuration: 60 }, {});
 * ```
 */
export function checkSettings(options: object, ofKind: { readonly parsePayload?: unknown }): void {
  const { id, retry, maxDuration, machine, description, queue } = options as AnyTaskOptions; // what they are is checked here
  const known = ofKind.parsePayload === undefined ? settingNames : { ...settingNames, ...namesOfKinds };
  const unknown = unknownOption(options, known);
  if (unknown !== null) throw new TypeError(`Task ${id} ${unknown}`);
  const problem = retryProblem(retry);
  if (problem !== null) throw new TypeError(`The retry of task ${id} ${problem}`);
  if (maxDuration !== undefined && !(typeof maxDuration === "number" && maxDuration > 0)) {
    throw new TypeError(
      `The maxDuration of task ${id} is ${String(maxDuration)}; it must be a number of seconds above 0, or timeout.None.`,
    );
  }
  const preset = typeof machine === "object" && machine !== null ? machine.preset : machine;
  if (preset !== undefined && !isMachine(preset)) {
    throw new TypeError(`The machine of task ${id} is ${JSON.stringify(preset)}; it must be ${machineNames}.`);
  }
  if (description !== undefined && typeof description !== "string") {
    throw new TypeError(`The description of task ${id} is a ${typeof description}; it must be a text.`);
  }
  if (queue !== undefined && (typeof queue !== "object" || queue === null)) {
    throw new TypeError(
      `The queue of task ${id} is ${JSON.stringify(queue)}; pass what queue() gave, or { concurrencyLimit: 1 }.`,
    );
  }
}
