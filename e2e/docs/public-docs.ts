import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { type Comment, parseSync } from "oxc-parser";
import { rootDir } from "../stage/stage.ts";

/** An example out of the comment of something public. */
export interface DocExample {
  /** Relative to the repository. */
  readonly file: string;
  /** Where its code begins, from 1. */
  readonly line: number;
  readonly code: string;
  readonly language: string;
}

/** What one entry point offers. */
export interface PublicDocs {
  /** Every name that it exports, values and types. */
  readonly names: ReadonlyMap<string, "value" | "type">;
  readonly examples: readonly DocExample[];
  /** Values, and calls of values, without an example: `packages/sdk/src/logger.ts:12 logger.debug`. */
  readonly undocumented: readonly string[];
}

/** A part of a syntax tree, as far as it is looked at here. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

interface SourceFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
  readonly body: readonly Node[];
  readonly comments: readonly Comment[];
}

/** A declaration, and the file that it is in. */
interface Declared {
  readonly file: SourceFile;
  readonly node: Node;
  /** The statement around it, which has the comment. */
  readonly statement: Node;
}

const files = new Map<string, Promise<SourceFile>>();

/**
 * Reads what an entry point offers: the names that it hands on, the examples in their comments and in those of their members, and what has
 * no example. Each value needs one, and each call of a value that is an object of calls. Types need none, nor do members of classes: a class
 * has its own.
 *
 * @param entry - path of its file, relative to the repository
 * @returns the names, the examples, and what lacks one
 */
export async function readPublicDocs(entry: string): Promise<PublicDocs> {
  const names = new Map<string, "value" | "type">();
  const examples = new Map<string, DocExample>();
  const undocumented: string[] = [];
  const file = await sourceFile(join(rootDir, entry));
  for (const { name, isType } of exportsOf(file)) {
    names.set(name, isType ? "type" : "value");
    const declared = await declarationOf(file, name);
    if (declared === null) continue;
    const commented = await commentedNodes(declared, name);
    for (const { declared: place, label, isRequired } of commented) {
      const found = examplesBefore(place);
      for (const example of found) examples.set(`${example.file}:${example.line}`, example);
      if (found.length > 0 || !isRequired || isType) continue;
      undocumented.push(`${place.file.path}:${lineOf(place.file.text, place.node.start)} ${label}`);
    }
  }
  return { names, examples: [...examples.values()], undocumented };
}

interface Commented {
  readonly declared: Declared;
  readonly label: string;
  readonly isRequired: boolean;
}

/** A declaration, with the members that have comments of their own. */
async function commentedNodes(declared: Declared, name: string): Promise<readonly Commented[]> {
  const own: Commented = { declared, label: name, isRequired: true };
  const { node } = declared;
  if (node.type === "TSInterfaceDeclaration" || node.type === "ClassDeclaration") {
    return [own, ...(await membersOf(declared, name))];
  }
  if (node.type !== "VariableDeclarator") return [own];
  const typeName = typeNameOf(node);
  if (typeName !== null) {
    const type = await declarationOf(declared.file, typeName);
    if (type === null) return [own];
    const members = await membersOf(type, name);
    const isCall = members.some(({ label }) => label === name); // one of call signatures
    return isCall ? members : [own, ...members];
  }
  const { init } = node;
  if (!isNode(init) || init.type !== "ObjectExpression") return [own];
  const found: Commented[] = [own];
  for (const property of nodes(init.properties)) {
    const key = nameOf(property.key);
    const value = isNode(property.value) ? nameOf(property.value) : null;
    const called = value === null ? null : await declarationOf(declared.file, value);
    if (key === null || called === null) continue;
    found.push(...(await commentedNodes(called, `${name}.${key}`)));
  }
  return found;
}

/** The calls of an interface, of what it extends, and the members of a class. */
async function membersOf(type: Declared, name: string): Promise<readonly Commented[]> {
  const { node, file } = type;
  const found: Commented[] = [];
  const body = isNode(node.body) ? nodes(node.body.body) : [];
  let lastKey = "";
  for (const member of body) {
    const key = nameOf(member.key);
    // What a class is for is shown by its own example.
    const isCall = member.type === "TSMethodSignature" || member.type === "TSCallSignatureDeclaration";
    if (key?.startsWith("#") === true || key === "constructor" || member.computed === true) continue;
    const label = key === null ? name : `${name}.${key}`;
    // Of overloads the first has the comment.
    found.push({ declared: { file, node: member, statement: member }, label, isRequired: isCall && label !== lastKey });
    lastKey = label;
  }
  for (const base of nodes(node.extends)) {
    const baseName = isNode(base.expression) ? nameOf(base.expression) : null;
    const declared = baseName === null ? null : await declarationOf(file, baseName);
    if (declared !== null && declared.node.type === "TSInterfaceDeclaration")
      found.push(...(await membersOf(declared, name)));
  }
  return found;
}

function examplesBefore({ file, statement }: Declared): readonly DocExample[] {
  const comment = file.comments.findLast(
    ({ type, end }) =>
      type === "Block" && end <= statement.start && file.text.slice(end, statement.start).trim() === "",
  );
  if (comment === undefined || !comment.value.startsWith("*")) return [];
  const text = file.text.slice(comment.start, comment.end);
  const blocks = text.matchAll(/@example[^\n]*\n[ \t]*\* ```(\w+)\n([\s\S]*?)\n[ \t]*\* ```/g);
  return [...blocks].map((block) => {
    const [, language = "", body = ""] = block;
    const code = body.replaceAll(/^[ \t]*\* ?/gm, "");
    const bodyAt = comment.start + block.index + block[0].indexOf(body, block[0].indexOf("```"));
    return { file: file.path, line: lineOf(file.text, bodyAt), code, language };
  });
}

/** Finds a name that a file declares, or hands on from another. */
async function declarationOf(file: SourceFile, name: string): Promise<Declared | null> {
  for (const statement of file.body) {
    const declared = declarationIn(isNode(statement.declaration) ? statement.declaration : statement, name);
    if (declared !== null) return { file, node: declared, statement };
    const elsewhere = handedOn(statement, name);
    if (elsewhere === null) continue;
    const next = await resolved(file, elsewhere.source);
    return next === null ? null : declarationOf(next, elsewhere.original);
  }
  return null;
}

/** Where a statement that imports or exports has a name from. */
function handedOn(statement: Node, name: string): { readonly source: string; readonly original: string } | null {
  const source = sourceOf(statement);
  if (source === null) return null;
  const isImport = statement.type === "ImportDeclaration";
  const found = nodes(statement.specifiers).find(({ local, exported }) => nameOf(isImport ? local : exported) === name);
  if (found === undefined) return null;
  return { source, original: nameOf(isImport ? found.imported : found.local) ?? name };
}

function declarationIn(node: Node, name: string): Node | null {
  if (node.type === "VariableDeclaration") {
    return nodes(node.declarations).find((declarator) => nameOf(declarator.id) === name) ?? null;
  }
  const isNamed = [
    "FunctionDeclaration",
    "TSDeclareFunction",
    "ClassDeclaration",
    "TSInterfaceDeclaration",
    "TSTypeAliasDeclaration",
  ];
  return isNamed.includes(node.type) && nameOf(node.id) === name ? node : null;
}

async function resolved(file: SourceFile, specifier: string): Promise<SourceFile | null> {
  if (specifier.startsWith(".")) return sourceFile(join(rootDir, dirname(file.path), specifier));
  return specifier === "@pawl/testing" ? sourceFile(join(rootDir, "packages/testing/src/index.ts")) : null;
}

function exportsOf(file: SourceFile): readonly { readonly name: string; readonly isType: boolean }[] {
  return file.body
    .filter(({ type }) => type === "ExportNamedDeclaration")
    .flatMap((statement) => {
      const isAllTypes = statement.exportKind === "type";
      const specified = nodes(statement.specifiers).flatMap(({ exported, exportKind }) => {
        const name = nameOf(exported);
        return name === null ? [] : [{ name, isType: isAllTypes || exportKind === "type" }];
      });
      const { declaration } = statement;
      if (!isNode(declaration)) return specified;
      const isType = declaration.type === "TSInterfaceDeclaration" || declaration.type === "TSTypeAliasDeclaration";
      const declared = declaration.type === "VariableDeclaration" ? nodes(declaration.declarations) : [declaration];
      return declared.flatMap(({ id }) => {
        const name = nameOf(id);
        return name === null ? [] : [{ name, isType }];
      });
    });
}

function sourceFile(path: string): Promise<SourceFile> {
  const known = files.get(path) ?? parseFile(path);
  files.set(path, known);
  return known;
}

async function parseFile(path: string): Promise<SourceFile> {
  const text = await readFile(path, "utf8");
  const { program, comments } = parseSync(path, text);
  // Positions are of UTF-16 units, as a text's are.
  return { path: relative(rootDir, path), text, body: program.body as unknown as Node[], comments };
}

function typeNameOf(declarator: Node): string | null {
  const annotation = isNode(declarator.id) ? declarator.id.typeAnnotation : null;
  const type = isNode(annotation) ? annotation.typeAnnotation : null;
  return isNode(type) && type.type === "TSTypeReference" ? nameOf(type.typeName) : null;
}

function sourceOf(statement: Node): string | null {
  const { source } = statement;
  return isNode(source) && typeof source.value === "string" ? source.value : null;
}

function nameOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === "PrivateIdentifier") return `#${String(node.name)}`;
  return typeof node.name === "string" ? node.name : null;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

function nodes(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function lineOf(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}
