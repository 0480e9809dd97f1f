import { findViolations } from "./import-rule.ts";
import { rootDir } from "./workspace.ts";

const violations = findViolations(rootDir);
for (const violation of violations) console.error(violation);
if (violations.length > 0) process.exitCode = 1;
