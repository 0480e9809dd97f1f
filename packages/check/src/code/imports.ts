import type { Node } from "oxc-parser";
import { requiredModule } from "./sdk-names.ts";
import type { SourceFile } from "./source-file.ts";

/** A place where a file names another module. */
export interface ModuleUse {
  readonly module: string;
  readonly node: Node;
  /** Whether nothing of it is left at run time. */
  readonly isType: boolean;
}

/**
 * Lists the modules that a file imports, requires or hands on.
 *
 * @param file - the file
 * @returns the places, in order
 */
export function moduleUses(file: SourceFile): readonly ModuleUse[] {
  return file.nodes.flatMap((node): readonly ModuleUse[] => {
    if (node.type === "ImportDeclaration") {
      const { specifiers } = node;
      const isEachType =
        specifiers.length > 0 &&
        specifiers.every((part) => part.type === "ImportSpecifier" && part.importKind === "type");
      return [{ module: node.source.value, node: node.source, isType: node.importKind === "type" || isEachType }];
    }
    if (node.type === "ExportAllDeclaration" || node.type === "ExportNamedDeclaration") {
      if (node.source === null) return [];
      return [{ module: node.source.value, node: node.source, isType: node.exportKind === "type" }];
    }
    if (node.type === "TSExternalModuleReference") {
      return [{ module: node.expression.value, node: node.expression, isType: false }];
    }
    const module = node.type === "AwaitExpression" ? null : requiredModule(node);
    return module === null ? [] : [{ module, node, isType: false }];
  });
}
