import type { Node } from "oxc-parser";

/**
 * Takes the property `build` out of the source of a configuration, with the imports that only it uses: run processes have no
 * use for extensions, and would load them at each start. Lines stay where they are.
 *
 * @param path - of the file; its ending says which language it is
 * @param source - its text
 * @returns the source without; the same text where there is no such property in plain sight, or the file does not parse
 */
export async function withoutBuild(path: string, source: string): Promise<string> {
  if (!/\bbuild\b/.test(source)) return source;
  // Most configurations do without the parser, which takes longer to load than they take to bundle.
  const { parseSync, visitorKeys } = await import("oxc-parser");
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) return source;
  const nodes = collect(program, visitorKeys);
  const properties = nodes.flatMap((node) => configObject(node)?.properties ?? []).filter(isBuild);
  if (properties.length === 0) return source;
  const isInProperty = ({ start, end }: Node) => properties.some((span) => start >= span.start && end <= span.end);
  const imports = nodes.filter((node) => node.type === "ImportDeclaration");
  const isInImport = ({ start, end }: Node) => imports.some((span) => start >= span.start && end <= span.end);
  const names = (isWanted: (node: Node) => boolean) =>
    new Set(nodes.flatMap((node) => (node.type === "Identifier" && isWanted(node) ? [node.name] : [])));
  const inBuild = names(isInProperty);
  const elsewhere = names((node) => !isInProperty(node) && !isInImport(node));
  const needless = imports.filter(({ specifiers }) => {
    const locals = specifiers.map(({ local }) => local.name);
    return locals.some((name) => inBuild.has(name)) && !locals.some((name) => elsewhere.has(name));
  });
  const edits = [
    ...properties.map(({ start, end }) => ({ start, end, text: "build: undefined" })),
    ...needless.map(({ start, end }) => ({ start, end, text: "" })),
  ].sort((a, b) => b.start - a.start);
  return edits.reduce((text, { start, end, text: other }) => {
    const lines = text.slice(start, end).replace(/[^\n]/g, "");
    return text.slice(0, start) + other + lines + text.slice(end);
  }, source);
}

type ObjectNode = Extract<Node, { type: "ObjectExpression" }>;

/** The object of `defineConfig({ … })`, `export default { … }` and `export const config = { … }`. */
function configObject(node: Node): ObjectNode | null {
  if (node.type === "CallExpression" && node.callee.type === "Identifier" && node.callee.name === "defineConfig") {
    return objectIn(node.arguments[0]);
  }
  if (node.type === "ExportDefaultDeclaration") return objectIn(node.declaration);
  const isConfig = node.type === "VariableDeclarator" && node.id.type === "Identifier" && node.id.name === "config";
  return isConfig ? objectIn(node.init) : null;
}

function objectIn(node: Node | null | undefined): ObjectNode | null {
  if (node?.type === "TSSatisfiesExpression" || node?.type === "TSAsExpression") return objectIn(node.expression);
  return node?.type === "ObjectExpression" ? node : null;
}

function isBuild(property: ObjectNode["properties"][number]): boolean {
  return property.type === "Property" && property.key.type === "Identifier" && property.key.name === "build";
}

function collect(program: Node, visitorKeys: Readonly<Record<string, readonly string[]>>): readonly Node[] {
  const nodes: Node[] = [program];
  for (const node of nodes) {
    const fields = node as unknown as Readonly<Record<string, unknown>>; // the parser's table says which of them hold nodes
    for (const key of visitorKeys[node.type] ?? []) nodes.push(...[fields[key]].flat().filter(isNode));
  }
  return nodes;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
