import { createServer, type IncomingMessage } from "node:http";
import { wait } from "@pawl/sdk";

// A page that lists what waits for a decision, with a button for yes and one for no. node app/desk.ts [port]

const server = createServer(async (request, response) => {
  try {
    if (request.method === "POST") {
      const form = await formOf(request);
      await wait.completeToken(String(form.get("token")), { approved: form.get("approved") === "yes", by: "the desk" });
      response.writeHead(303, { location: "/" }).end();
      return;
    }
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(await page());
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : "It went wrong");
  }
});
const [, , port = "4020"] = process.argv;
server.listen(Number(port), "127.0.0.1", () => {
  const address = server.address();
  console.log(`The desk is at http://127.0.0.1:${typeof address === "object" ? address?.port : port}`);
});

async function page(): Promise<string> {
  const rows: string[] = [];
  for await (const { id, tags } of wait.listTokens({ status: "WAITING" })) {
    const about = tags.find((tag) => tag.startsWith("about:"))?.slice("about:".length) ?? id;
    rows.push(`<form method="post"><input type="hidden" name="token" value="${id}">${escaped(about)}
      <button name="approved" value="yes">Approve</button> <button name="approved" value="no">Refuse</button></form>`);
  }
  const body = rows.length === 0 ? "Nothing waits for a decision." : rows.join("\n");
  return `<!doctype html><title>Approvals</title><h1>Approvals</h1>\n${body}\n`;
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
