import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Contact } from "./contact.ts";

// Stands for two services of others: a CRM with contacts, and a newsletter with subscribers. As such services do, it allows only so
// many calls a second, is away at times, and counts what it is asked. node crm/server.ts [port]

const pageSize = 10;
const callsPerSecond = 20;
const contacts: Contact[] = Array.from({ length: 25 }, (_, index) => ({
  id: `c-${index + 1}`,
  email: `contact-${index + 1}@example.com`,
  name: `Contact ${index + 1}`,
  changedAt: Date.now() - 60_000 + index,
}));
const subscribers = new Map<string, { readonly name: string; readonly writes: number }>();
const counts = { calls: 0, limited: 0, away: 0 };
let windowStart = 0;
let callsInWindow = 0;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname === "/counts") return answer(response, 200, { ...counts, subscribers: [...subscribers.entries()] });
  counts.calls++;
  if (isOverLimit()) {
    counts.limited++;
    response.setHeader("x-ratelimit-limit", callsPerSecond);
    response.setHeader("x-ratelimit-remaining", 0);
    response.setHeader("x-ratelimit-reset", windowStart + 1_000);
    return answer(response, 429, { error: "Too many calls" });
  }
  if (counts.calls % 7 === 0) {
    counts.away++;
    return answer(response, 503, { error: "Away for a moment" });
  }
  if (url.pathname === "/contacts") return listContacts(url, response);
  if (url.pathname.startsWith("/subscribers/")) return void writeSubscriber(url, request, response);
  return answer(response, 404, { error: "Nothing is here" });
});
const [, , port = "4010"] = process.argv;
server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  console.log(`The CRM is at http://127.0.0.1:${typeof address === "object" ? address?.port : port}`);
});

function isOverLimit(): boolean {
  if (Date.now() - windowStart >= 1_000) {
    windowStart = Date.now();
    callsInWindow = 0;
  }
  return ++callsInWindow > callsPerSecond;
}

function listContacts(url: URL, response: ServerResponse): void {
  const since = Number(url.searchParams.get("since") ?? 0);
  const from = Number(url.searchParams.get("from") ?? 0);
  const changed = contacts.filter(({ changedAt }) => changedAt >= since);
  const isLast = from + pageSize >= changed.length;
  const next = isLast ? null : `/contacts?since=${since}&from=${from + pageSize}`;
  answer(response, 200, { contacts: changed.slice(from, from + pageSize), next });
}

async function writeSubscriber(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const email = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { name } = JSON.parse(Buffer.concat(chunks).toString()) as { name: string }; // what the tasks send
  subscribers.set(email, { name, writes: (subscribers.get(email)?.writes ?? 0) + 1 });
  answer(response, 200, { email, name });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
