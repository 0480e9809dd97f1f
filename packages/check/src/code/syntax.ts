import type { Node } from "oxc-parser";
import { type FunctionNode, isFunction } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";

/**
 * Takes off what TypeScript and optional chains put around an expression without changing its value.
 *
 * @param node - an expression
 * @returns the expression inside
 */
export function bare(node: Node): Node {
  let inside = node;
  while (isWrapper(inside)) inside = inside.expression;
  return inside;
}

/** An expression in another that has the same value. */
type Wrapper = Extract<
  Node,
  {
    type:
      | "TSAsExpression"
      | "TSSatisfiesExpression"
      | "TSNonNullExpression"
      | "TSTypeAssertion"
      | "ChainExpression"
      | "TSInstantiationExpression";
  }
>;

/**
 * Tells whether a node is an expression around another with the same value.
 *
 * @param node - any node
 * @returns whether it is one
 */
export function isWrapper(node: Node): node is Wrapper {
  return (
    node.type === "TSAsExpression" ||
    node.type === "TSSatisfiesExpression" ||
    node.type === "TSNonNullExpression" ||
    node.type === "TSTypeAssertion" ||
    node.type === "ChainExpression" ||
    node.type === "TSInstantiationExpression"
  );
}

/**
 * Reads text that stands in the code as it is.
 *
 * @param node - an expression
 * @returns the text; null when it is computed or no text
 */
export function literalText(node: Node | null | undefined): string | null {
  if (node === null || node === undefined) return null;
  const value = bare(node);
  if (value.type === "Literal" && typeof value.value === "string") return value.value;
  if (value.type === "TemplateLiteral" && value.expressions.length === 0) return value.quasis[0]?.value.cooked ?? null;
  return null;
}

/**
 * Gives the functions that a node stands in.
 *
 * @param file - its file
 * @param node - the node
 * @returns the functions, the innermost first
 */
export function functionsAround(file: SourceFile, node: Node): readonly FunctionNode[] {
  const found: FunctionNode[] = [];
  for (let at = file.parentOf(node); at !== null; at = file.parentOf(at)) if (isFunction(at)) found.push(at);
  return found;
}

/**
 * Follows a name to the value that it was given once and for all.
 *
 * @param file - the file
 * @param node - an expression
 * @returns the expression itself, or the value of the constant or function that it names, as far as the file tells
 */
export function resolved(file: SourceFile, node: Node): Node {
  let value = bare(node);
  for (let steps = 0; steps < 10 && value.type === "Identifier"; steps++) {
    const declaration = file.declarationOf(value.name, value);
    if (declaration?.kind === "function") return declaration.node;
    if (declaration?.kind !== "variable" || !declaration.isConst || declaration.property !== null) return value;
    value = bare(declaration.init);
  }
  return value;
}

/** What an object literal has under a name. */
export type Property =
  | { readonly kind: "there"; readonly value: Node; readonly node: Node }
  | { readonly kind: "absent" }
  /** It may be in a part of the object that the file does not show. */
  | { readonly kind: "unknown" };

/**
 * Looks into an object of the code.
 *
 * @param file - the file
 * @param node - an expression that may be an object literal, or name one
 * @param name - the property's name
 * @returns what is there
 */
export function propertyOf(file: SourceFile, node: Node, name: string): Property {
  const object = resolved(file, node);
  if (object.type !== "ObjectExpression") return { kind: "unknown" };
  for (const property of object.properties.toReversed()) {
    if (property.type === "SpreadElement") {
      const spread = propertyOf(file, property.argument, name);
      if (spread.kind !== "absent") return spread;
    } else if (keyOf(property) === null) {
      return { kind: "unknown" };
    } else if (keyOf(property) === name) {
      return { kind: "there", value: property.value, node: property };
    }
  }
  return { kind: "absent" };
}

/**
 * Reads the name of a property.
 *
 * @param property - a property of an object literal
 * @returns its name; null when it is computed
 */
export function keyOf({ key, computed }: Extract<Node, { type: "Property" }>): string | null {
  return key.type === "Identifier" && !computed ? key.name : literalText(key);
}
