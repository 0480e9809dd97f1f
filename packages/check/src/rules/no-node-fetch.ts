import { moduleUses } from "../code/imports.ts";
import type { Rule } from "../rule.ts";

/** Tasks use the `fetch` of Node. */
export const noNodeFetch: Rule = {
  name: "no-node-fetch",
  severity: "error",
  asks: "A task uses the `fetch` that is built into Node, not the package `node-fetch`.",
  why: "The built-in one is there without a dependency, is the one whose types and streams other libraries expect, and is the one that `retry.fetch` uses.",
  wrong: `import { task } from "@pawl/sdk";
import fetch from "node-fetch";

export const importRates = task({
  id: "rates.daily.import",
  retry: { maxAttempts: 5 },
  run: async () => (await fetch("https://rates.example.com/today")).json(),
});
`,
  right: `import { task } from "@pawl/sdk";

export const importRates = task({
  id: "rates.daily.import",
  retry: { maxAttempts: 5 },
  run: async () => (await fetch("https://rates.example.com/today")).json(),
});
`,
  check: (file) =>
    moduleUses(file)
      .filter(({ module }) => module === "node-fetch" || module.startsWith("node-fetch/"))
      .map(({ node }) => ({
        at: node,
        message: "The package node-fetch is loaded.",
        advice: "Remove it: fetch, Request, Response and Headers are there without an import.",
      })),
};
