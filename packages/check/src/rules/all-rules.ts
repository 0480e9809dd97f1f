import type { Rule } from "../rule.ts";
import { awaitTrigger } from "./await-trigger.ts";
import { duplicateId } from "./duplicate-id.ts";
import { hooksAfterRun } from "./hooks-after-run.ts";
import { idForm } from "./id-form.ts";
import { idempotencyKeyInTask } from "./idempotency-key-in-task.ts";
import { maxDurationOnAi } from "./max-duration-on-ai.ts";
import { noNodeFetch } from "./no-node-fetch.ts";
import { noTaskInFunction } from "./no-task-in-function.ts";
import { retryConfigured } from "./retry-configured.ts";

/** Every rule: errors first, then warnings, then hints. */
export const allRules: readonly Rule[] = [
  awaitTrigger,
  duplicateId,
  noNodeFetch,
  noTaskInFunction,
  idempotencyKeyInTask,
  maxDurationOnAi,
  retryConfigured,
  hooksAfterRun,
  idForm,
];
