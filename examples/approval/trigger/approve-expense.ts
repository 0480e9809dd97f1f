import { idempotencyKeys, logger, metadata, schemaTask, wait } from "@pawl/sdk";
import { z } from "zod";

/** What whoever decides sends to a token: as JSON, or as the fields of a form. */
const decisionSchema = z.object({
  approved: z.union([z.boolean(), z.stringbool()]),
  by: z.string().default("somebody"),
});

/** Who is asked, one after another, and how long each has. */
const approvers = ["manager", "director"] as const;

/** Pays out an expense that was approved. */
const payExpense = schemaTask({
  id: "expense.money.pay",
  description: "Pays out an expense",
  schema: z.object({ expense: z.string(), amount: z.number() }),
  retry: { maxAttempts: 5, minTimeoutInMs: 1_000 },
  run: async ({ expense, amount }) => {
    logger.info("Paid", { expense, amount });
    return `${expense}: paid ${amount.toFixed(2)}`;
  },
});

/** Asks for an approval of an expense, and pays it. */
export const approveExpense = schemaTask({
  id: "expense.payment.approve",
  description: "Asks a manager, then a director, and pays what was approved",
  schema: z.object({
    expense: z.string().min(1),
    amount: z.number().positive(),
    /** How long each approver has. */
    patience: z.string().default("2d"),
  }),
  run: async ({ expense, amount, patience }) => {
    // Small sums need nobody.
    const decision = amount < 50 ? { approved: true, by: "rule" } : await askAll({ expense, amount, patience });
    metadata.set("state", decision.approved ? "approved" : "refused");
    if (!decision.approved) return `${expense}: refused by ${decision.by}`;
    const idempotencyKey = await idempotencyKeys.create("payment"); // paid once, however often this run is attempted
    return payExpense.triggerAndWait({ expense, amount }, { idempotencyKey }).unwrap();
  },
});

interface Question {
  readonly expense: string;
  readonly amount: number;
  readonly patience: string;
}

/** Who does not answer in time is passed over; the last one's silence is a no. */
async function askAll({ expense, amount, patience }: Question): Promise<z.infer<typeof decisionSchema>> {
  for (const approver of approvers) {
    // The key makes another attempt of this run find the token that was sent already.
    const token = await wait.createToken({
      timeout: patience,
      idempotencyKey: await idempotencyKeys.create(approver),
      tags: [`approver:${approver}`, `about:${expense} of ${amount.toFixed(2)}`],
    });
    metadata.set("state", `waits for the ${approver}`).set("approvalUrl", token.url);
    await metadata.flush(); // seen now, not within a second
    logger.info("Asking for an approval", { approver, url: token.url });
    const answer = await wait.forToken<unknown>(token);
    if (answer.ok) return decisionSchema.parse(answer.output);
    logger.warn("Nobody answered in time", { approver });
  }
  return { approved: false, by: "nobody" };
}
