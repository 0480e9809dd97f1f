import { runs, tasks } from "@pawl/sdk";
import type { approveExpense } from "../trigger/approve-expense.ts";

// node app/request.ts [expense] [amount] [patience]: asks for money, and follows what becomes of it.
const [, , expense = "train to Lyon", amount = "129", patience = "2d"] = process.argv;
const handle = await tasks.trigger<typeof approveExpense>("expense.payment.approve", {
  expense,
  amount: Number(amount),
  patience,
});
let shown: unknown;
for await (const run of runs.subscribeToRun(handle)) {
  const { state, approvalUrl } = run.metadata ?? {};
  if (state !== shown && approvalUrl !== undefined && !run.isCompleted) console.log(`${state}: ${approvalUrl}`);
  shown = state;
  if (run.isCompleted) console.log(run.output ?? run.error?.message);
}
