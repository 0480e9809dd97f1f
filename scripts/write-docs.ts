import { writeFileSync } from "node:fs";
import { allRules } from "@pawl/check";
import { renderRulePage, rulePagePath } from "./rule-page.ts";

writeFileSync(rulePagePath, renderRulePage(allRules));
