import type {
  Function as AnyFunction,
  ArrowFunctionExpression,
  BindingPattern,
  ImportDeclaration,
  Node,
  VariableDeclaration,
} from "oxc-parser";

/** What a name stands for. */
export type Declaration =
  /** `name` is what the other module calls it: `default`, or `*` for all of it. */
  | { readonly kind: "import"; readonly from: string; readonly name: string; readonly isType: boolean }
  /** A variable with the value that it begins with; `name` where it is a property of that value. */
  | { readonly kind: "variable"; readonly init: Node; readonly property: string | null; readonly isConst: boolean }
  | { readonly kind: "function"; readonly node: Node }
  /** A parameter, a class, a variable without a value: its value is not known here. */
  | { readonly kind: "other" };

/** The names that each node opens a scope for. */
export type Scopes = ReadonlyMap<Node, ReadonlyMap<string, Declaration>>;

const blocks: ReadonlySet<Node["type"]> = new Set([
  "Program",
  "BlockStatement",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "SwitchStatement",
  "StaticBlock",
  "TSModuleBlock",
]);

/** Where a variable of the kind `var` can't leave, besides functions. */
const outermost: ReadonlySet<Node["type"]> = new Set(["Program", "StaticBlock", "TSModuleBlock"]);

/** A name, what it stands for, and the node in which it is known. */
interface Declared {
  readonly scope: Node;
  readonly name: string;
  readonly declaration: Declaration;
}

type Parents = ReadonlyMap<Node, Node>;

/**
 * Finds what a file declares, and where each name is known.
 *
 * @param nodes - all nodes of the file
 * @param parents - the node that each stands in
 * @returns names by the node that they are known in
 */
export function declarationsOf(nodes: readonly Node[], parents: Parents): Scopes {
  const scopes = new Map<Node, Map<string, Declaration>>();
  for (const { scope, name, declaration } of nodes.flatMap((node) => declaredBy(node, parents))) {
    const names = scopes.get(scope) ?? new Map<string, Declaration>();
    scopes.set(scope, names);
    names.set(name, declaration);
  }
  return scopes;
}

const other: Declaration = { kind: "other" };

function declaredBy(node: Node, parents: Parents): readonly Declared[] {
  switch (node.type) {
    case "ImportDeclaration":
      return importsOf(node).map(([name, declaration]) => ({ scope: blockAround(node, parents), name, declaration }));
    case "VariableDeclaration":
      return variablesOf(node, node.kind === "var" ? functionAround(node, parents) : blockAround(node, parents));
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return namesOfFunction(node, parents);
    case "ClassDeclaration":
      return node.id === null ? [] : [{ scope: blockAround(node, parents), name: node.id.name, declaration: other }];
    case "CatchClause":
      if (node.param === null) return [];
      return namesIn(node.param).map(({ name }) => ({ scope: node, name, declaration: other }));
    default:
      return [];
  }
}

function variablesOf({ kind, declarations }: VariableDeclaration, scope: Node): readonly Declared[] {
  return declarations.flatMap(({ id, init }) =>
    namesIn(id).map(({ name, property }): Declared => {
      if (init === null || property === unknownPart) return { scope, name, declaration: other };
      return { scope, name, declaration: { kind: "variable", init, property, isConst: kind === "const" } };
    }),
  );
}

/** The name of a function, known around it where it is a statement, and its parameters. */
function namesOfFunction(node: FunctionNode, parents: Parents): readonly Declared[] {
  const parameters = node.params.flatMap((parameter) =>
    namesIn(parameter.type === "TSParameterProperty" ? parameter.parameter : parameter),
  );
  const declared = parameters.map(({ name }): Declared => ({ scope: node, name, declaration: other }));
  if (node.id === null) return declared;
  const scope = node.type === "FunctionDeclaration" ? blockAround(node, parents) : node;
  return [...declared, { scope, name: node.id.name, declaration: { kind: "function", node } }];
}

function blockAround(node: Node, parents: Parents): Node {
  return around(node, parents, (scope) => blocks.has(scope.type) || isFunction(scope));
}

function functionAround(node: Node, parents: Parents): Node {
  return around(node, parents, (scope) => isFunction(scope) || outermost.has(scope.type));
}

function around(node: Node, parents: Parents, isScope: (node: Node) => boolean): Node {
  let scope = parents.get(node) ?? node;
  for (let next = parents.get(scope); next !== undefined && !isScope(scope); next = parents.get(scope)) scope = next;
  return scope;
}

/** A node that is a function of any kind. */
export type FunctionNode = AnyFunction | ArrowFunctionExpression;

/**
 * Tells whether a node is a function.
 *
 * @param node - any node
 * @returns whether it is one, with or without a name
 */
export function isFunction(node: Node): node is FunctionNode {
  return (
    node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression"
  );
}

function importsOf({ source, specifiers, importKind }: ImportDeclaration): readonly (readonly [string, Declaration])[] {
  return specifiers.map((specifier) => {
    const isType = importKind === "type" || (specifier.type === "ImportSpecifier" && specifier.importKind === "type");
    const base = { kind: "import", from: source.value, isType } as const;
    if (specifier.type === "ImportDefaultSpecifier") return [specifier.local.name, { ...base, name: "default" }];
    if (specifier.type === "ImportNamespaceSpecifier") return [specifier.local.name, { ...base, name: "*" }];
    const { imported } = specifier;
    const name = imported.type === "Literal" ? imported.value : imported.name;
    return [specifier.local.name, { ...base, name }];
  });
}

/** Where a pattern takes a name from no plain property of the value. */
const unknownPart = Symbol("unknown part");

interface BoundName {
  readonly name: string;
  readonly property: string | null | typeof unknownPart;
}

type AnyPattern = BindingPattern | Extract<Node, { type: "RestElement" }>;

function namesIn(pattern: AnyPattern): readonly BoundName[] {
  if (pattern.type === "Identifier") return [{ name: pattern.name, property: null }];
  if (pattern.type !== "ObjectPattern") return partsOf(pattern).flatMap(namesIn).map(asUnknown);
  return pattern.properties.flatMap((part): readonly BoundName[] => {
    if (part.type !== "Property") return namesIn(part.argument as AnyPattern).map(asUnknown); // a binding, since the pattern is one
    const { key, value, computed } = part;
    if (value.type === "Identifier" && key.type === "Identifier" && !computed) {
      return [{ name: value.name, property: key.name }];
    }
    return namesIn(value as AnyPattern).map(asUnknown); // a binding, since the pattern is one
  });
}

function partsOf(pattern: Exclude<AnyPattern, { type: "Identifier" | "ObjectPattern" }>): readonly AnyPattern[] {
  if (pattern.type === "AssignmentPattern") return [pattern.left];
  if (pattern.type === "RestElement") return [pattern.argument as AnyPattern]; // a binding, since the pattern is one
  return pattern.elements.flatMap((element) => (element === null ? [] : [element as AnyPattern]));
}

function asUnknown({ name }: BoundName): BoundName {
  return { name, property: unknownPart };
}
