import { logger, schemaTask } from "@pawl/sdk";
import { z } from "zod";

const orderSchema = z.object({
  orderId: z.string(),
  customer: z.object({ name: z.string().min(1), email: z.email(), country: z.string().length(2) }),
  placedAt: z.iso.datetime(),
  lines: z.array(
    z.object({ sku: z.string(), title: z.string(), quantity: z.int().positive(), unitCents: z.int().min(0) }),
  ),
  notes: z.string().optional(),
});

/** What a small real task does: checks about 1 KB, computes a little, logs three lines, returns about 1 KB. */
export const realistic = schemaTask({
  id: "bench.realistic",
  schema: orderSchema,
  run: async (order) => {
    logger.info("Pricing an order", { orderId: order.orderId, lines: order.lines.length });
    const lines = order.lines.map((line) => ({ ...line, totalCents: line.quantity * line.unitCents }));
    const netCents = lines.reduce((sum, line) => sum + line.totalCents, 0);
    logger.info("Priced", { netCents });
    const taxCents = Math.round(netCents * 0.19);
    logger.info("Finished an order", { orderId: order.orderId, grossCents: netCents + taxCents });
    return { orderId: order.orderId, customer: order.customer, lines, netCents, taxCents, notes: order.notes };
  },
});
