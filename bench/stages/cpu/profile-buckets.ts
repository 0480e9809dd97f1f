import type { Profiler } from "node:inspector";

/** Names a part of a program. */
export type Bucket = string;

const wordFor: ReadonlyMap<string, Bucket> = new Map([
  ["(garbage collector)", "garbage collector"],
  ["(program)", "Node and the kernel outside of scripts"],
]);

/** Native functions that hand what was written to the kernel. */
const socketWrite = /^(writev|writeBuffer|write(Utf8|Latin1|Ascii|Ucs2)String)$/;
/** What the profile itself costs. */
const ofTheBench = /^node:inspector$|\/bench\/stages\/trace\//;

const idle = new Set(["(idle)", "(root)"]);

/** Libraries under the name of what they do. */
const libraries: readonly (readonly [pattern: RegExp, bucket: Bucket])[] = [
  [/^(pg|pg-protocol|pg-pool|pg-types|postgres-.*|pg-.*)$/, "Postgres driver (pg)"],
  [/^ws$/, "WebSocket (ws)"],
  [/^zod$/, "validation (zod)"],
  [/^(fastify|@fastify\/.*|find-my-way|light-my-request|fast-.*|avvio|pino.*)$/, "HTTP framework (fastify)"],
];

/** Built-in modules of Node under the name of what they do. */
const builtIns: readonly (readonly [pattern: RegExp, bucket: Bucket])[] = [
  [/http|_http/, "Node: HTTP"],
  [/net|stream|tls|dns|dgram/, "Node: sockets and streams"],
  [/buffer|string_decoder|encoding/, "Node: buffers"],
  [/async_hooks|async_local_storage|async_context/, "Node: asynchronous contexts"],
  [/./, "Node: timers, promises and the rest"],
];

/**
 * Sums up where a CPU profile found its process, each function by what it alone did. A native function counts for whoever called
 * it: so JSON counts for the file that reads or writes it.
 *
 * @param profile - of one process
 * @returns the microseconds of each bucket, without those in which the process was idle
 */
export function bucketsOf(profile: Profiler.Profile): ReadonlyMap<Bucket, number> {
  const parentOf = new Map<number, Profiler.ProfileNode>();
  for (const node of profile.nodes) for (const child of node.children ?? []) parentOf.set(child, node);
  const bucketOf = new Map<number, Bucket | null>();
  for (const node of profile.nodes) bucketOf.set(node.id, nodeBucket(node, parentOf));
  const sums = new Map<Bucket, number>();
  for (const [index, id] of (profile.samples ?? []).entries()) {
    const bucket = bucketOf.get(id) ?? null;
    const took = Math.max(0, profile.timeDeltas?.[index] ?? 0);
    if (bucket === null) continue;
    sums.set(bucket, (sums.get(bucket) ?? 0) + took);
  }
  return sums;
}

/** Null while the process was idle, or busy with the profile. */
function nodeBucket(node: Profiler.ProfileNode, parentOf: ReadonlyMap<number, Profiler.ProfileNode>): Bucket | null {
  const { functionName, url } = node.callFrame;
  if (idle.has(functionName)) return null;
  const word = wordFor.get(functionName);
  if (word !== undefined) return word;
  if (ofTheBench.test(url)) return null;
  if (url !== "") return fileBucket(url);
  if (socketWrite.test(functionName)) return "writing to sockets and files (system calls)";
  const caller = parentOf.get(node.id);
  return caller === undefined ? "rest" : (nodeBucket(caller, parentOf) ?? "rest");
}

function fileBucket(url: string): Bucket {
  const builtIn = /^node:(?:internal\/)?(.*)/.exec(url)?.[1];
  if (builtIn !== undefined) return firstFit(builtIns, builtIn);
  const own = /(?:packages|@pawl)\/([\w-]+)\/(?:src|dist(?:\/esm)?)\/(.*)/.exec(url);
  if (own !== null) return ownBucket(own[1] ?? "", own[2] ?? "");
  const library = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(url)?.[1];
  if (library === undefined) return "the bundle of the tasks";
  return libraries.find(([pattern]) => pattern.test(library))?.[1] ?? "other libraries";
}

/** Code of Pawl by package and folder. */
function ownBucket(name: string, path: string): Bucket {
  if (name === "contract") return "Pawl: contract (schemas, ids)";
  const folder = path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
  return `Pawl: ${name}${folder === "" ? "" : `/${folder}`}`;
}

function firstFit(words: readonly (readonly [pattern: RegExp, bucket: Bucket])[], text: string): Bucket {
  return words.find(([pattern]) => pattern.test(text))?.[1] ?? "rest";
}
