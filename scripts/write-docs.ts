import { writeFileSync } from "node:fs";
import { allRules } from "@pawl/check";
import { renderPeersSections } from "./peers-sections.ts";
import { renderRulePage, rulePagePath } from "./rule-page.ts";
import { renderStagesSection, stagesPagePath } from "./stages-section.ts";

writeFileSync(rulePagePath, renderRulePage(allRules));
for (const { path, after } of renderPeersSections()) writeFileSync(path, after);
writeFileSync(stagesPagePath, renderStagesSection().after);
