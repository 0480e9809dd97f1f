// Executes no-op jobs for a worker, one at a time, and ends with it.

process.on("message", () => process.send?.(process.hrtime.bigint().toString()));
process.once("disconnect", () => process.exit(0));
