export { checkFiles, type FileToCheck } from "./check-files.ts";
export type { Finding, Place, Severity } from "./finding.ts";
export type { CheckSettings } from "./project.ts";
export type { Rule } from "./rule.ts";
export { allRules } from "./rules/all-rules.ts";
