import { runs, tasks } from "@pawl/sdk";
import type { syncContacts } from "../trigger/sync-contacts.ts";

// Runs the sync now, twice, as two timers would, and waits until everything that it has triggered is done.
for (const name of ["first", "second"]) {
  // What is left out of the payload of a schedule is filled in.
  const { id } = await tasks.trigger("crm.sync.contacts", { timestamp: new Date() });
  const { status, output, error } = await runs.poll<typeof syncContacts>(id, { pollIntervalMs: 100 });
  console.log(`${name} sync: ${status}, ${output?.pushed ?? error?.message} contacts`);
}
const pushes = new Map<string, string>();
for await (const run of runs.list({ taskIdentifier: "crm.push.contact", period: "1h" })) pushes.set(run.id, run.status);
for (const id of pushes.keys()) pushes.set(id, (await runs.poll(id, { pollIntervalMs: 100 })).status);
console.log(`${pushes.size} contacts pushed, ${new Set(pushes.values()).size === 1 ? "all" : "not all"} well`);
