import type { Node } from "oxc-parser";
import type { SourceFile } from "./source-file.ts";
import { bare, literalText } from "./syntax.ts";

const sdkModule = /^@(?:trigger\.dev|pawl)\/sdk(?:\/v3)?$/;

/**
 * Says what of the SDK an expression names, whatever the file calls it.
 *
 * @param file - the file
 * @param node - an expression
 * @returns its path in the SDK, such as `task` or `schedules.task`; null for anything else
 */
export function sdkPath(file: SourceFile, node: Node): string | null {
  const path = pathFrom(file, bare(node));
  return path === null || path === "" ? null : path.slice(1);
}

/** The path with a dot before each part; empty for the whole module. */
function pathFrom(file: SourceFile, node: Node): string | null {
  if (node.type === "Identifier") return pathOfName(file, node.name, node);
  if (node.type === "MemberExpression" && !node.computed) {
    const path = pathFrom(file, bare(node.object));
    return path === null || node.property.type !== "Identifier" ? null : `${path}.${node.property.name}`;
  }
  const from = requiredModule(node);
  return from !== null && sdkModule.test(from) ? "" : null;
}

function pathOfName(file: SourceFile, name: string, at: Node): string | null {
  const declaration = file.declarationOf(name, at);
  if (declaration?.kind === "import") {
    if (!sdkModule.test(declaration.from)) return null;
    return declaration.name === "*" || declaration.name === "default" ? "" : `.${declaration.name}`;
  }
  if (declaration?.kind !== "variable" || declaration.init === at) return null;
  const from = requiredModule(bare(declaration.init));
  if (from === null || !sdkModule.test(from)) return null;
  return declaration.property === null ? "" : `.${declaration.property}`;
}

/**
 * Reads which module an expression loads: `require("a")`, `import("a")`, or that awaited.
 *
 * @param node - an expression
 * @returns the module's name; null for any other expression
 */
export function requiredModule(node: Node): string | null {
  if (node.type === "AwaitExpression") return requiredModule(bare(node.argument));
  if (node.type === "ImportExpression") return literalText(node.source);
  const isRequire =
    node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "require";
  return isRequire ? literalText(node.arguments[0]) : null;
}
