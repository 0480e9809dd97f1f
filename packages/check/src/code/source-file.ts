import { type Comment, type Node, parseSync, visitorKeys } from "oxc-parser";
import { type Declaration, declarationsOf, type Scopes } from "./scopes.ts";

/** A part of a text, by offsets. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where code does not parse. */
export interface SyntaxFault extends Span {
  readonly message: string;
}

/** A file of code, parsed. */
export interface SourceFile {
  /** As it was given; other files name it relative to this. */
  readonly path: string;
  readonly text: string;
  /** All nodes, each before those inside of it; none when the code does not parse at all. */
  readonly nodes: readonly Node[];
  readonly comments: readonly Comment[];
  readonly faults: readonly SyntaxFault[];
  /** The node that a node stands in; null for the program. */
  parentOf(node: Node): Node | null;
  /** What a name means at a place; null for a name that the file does not declare. */
  declarationOf(name: string, at: Node): Declaration | null;
}

/**
 * Parses a file. TypeScript, JSX and the kind of module are known by the ending of its name.
 *
 * @param path - its path
 * @param text - its code
 * @returns the file, also when it does not parse
 */
export function parseFile(path: string, text: string): SourceFile {
  // Parentheses mean nothing to any rule.
  const { program, comments, errors } = parseSync(path, text, { preserveParens: false });
  const parents = new Map<Node, Node>();
  const nodes = collect(program, parents);
  let scopes: Scopes | null = null;
  return {
    path,
    text,
    nodes,
    comments,
    faults: errors.map(({ message, labels }) => ({
      message,
      start: labels[0]?.start ?? 0,
      end: labels[0]?.end ?? 0,
    })),
    parentOf: (node) => parents.get(node) ?? null,
    declarationOf(name, at) {
      scopes ??= declarationsOf(nodes, parents);
      for (let node: Node | undefined = at; node !== undefined; node = parents.get(node)) {
        const found = scopes.get(node)?.get(name);
        if (found !== undefined) return found;
      }
      return null;
    },
  };
}

/** A list with its own end in view instead of recursion: code may be nested as deeply as it likes. */
function collect(program: Node, parents: Map<Node, Node>): readonly Node[] {
  const nodes: Node[] = [];
  const waiting: Node[] = [program];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    nodes.push(node);
    for (const child of childrenOf(node).toReversed()) {
      parents.set(child, node);
      waiting.push(child);
    }
  }
  return nodes;
}

function childrenOf(node: Node): readonly Node[] {
  const fields = node as unknown as Readonly<Record<string, unknown>>; // the parser's table says which of them hold nodes
  return (visitorKeys[node.type] ?? []).flatMap((key) => [fields[key]].flat().filter(isNode));
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}
