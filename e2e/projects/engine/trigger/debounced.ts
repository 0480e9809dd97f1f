import { task } from "@pawl/sdk";
import { mark } from "../marks.ts";
import { echo } from "./plain.ts";

/** Marks its payload. */
export const gathered = task({
  id: "gathered",
  run: async (payload: number, { ctx }) => {
    mark(ctx, "gathered", payload);
    return payload;
  },
});

/** Triggers one run in every way, each time with another payload, and waits for it. */
export const sharesRun = task({
  id: "shares-run",
  retry: { maxAttempts: 1 },
  run: async ({ key }: { key: string }) => {
    const options = { debounce: { key, delay: "1s", mode: "trailing" } } as const;
    const single = await echo.trigger("single", options);
    const [waited, batch] = await Promise.all([
      echo.triggerAndWait("waited", options),
      echo.batchTriggerAndWait([
        { payload: "first item", options },
        { payload: "last item", options },
      ]),
    ]);
    const ids = [single.id, waited.id, ...batch.runs.map(({ id }) => id)];
    return { ids, outputs: [waited, ...batch.runs].map((run) => (run.ok ? run.output : null)) };
  },
});
