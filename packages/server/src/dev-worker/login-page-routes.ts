import type { FastifyReply, FastifyRequest } from "fastify";
import type { Route } from "../api/route.ts";
import { pathPart } from "../api/validation.ts";
import type { LoginRequestStore } from "../engine/personal-token-ports.ts";
import { type LoginPage, loginPageHtml, stylePolicy } from "./login-page.ts";

/** More than a code takes. */
const maxFormBytes = 1_024;

/**
 * Where a person approves a login.
 *
 * @param code - names the request
 * @returns the path
 */
export function loginPath(code: string): string {
  return `/login/${code}`;
}

/**
 * What a login is called where several may wait: enough of its code to tell it from others, and too little to find its page.
 *
 * @param code - names the request
 * @returns the name
 */
export function loginName(code: string): string {
  return code.slice(0, 6);
}

/**
 * The page on which the server's operator approves a login: a form for the code that the server has printed, and then what comes of it.
 *
 * @param loginRequests - keeps requests
 * @returns the routes
 */
export function loginPageRoutes(loginRequests: Pick<LoginRequestStore, "isOpen" | "approve">): readonly Route[] {
  const path = loginPath(":code");
  return [
    {
      method: "GET",
      path,
      accepts: "anyone",
      async answer(request, reply) {
        const code = pathPart(request, "code");
        const isOpen = await loginRequests.isOpen(code);
        return sendPage(reply, isOpen ? { kind: "form", login: loginName(code), triesLeft: null } : { kind: "over" });
      },
    },
    {
      method: "POST",
      path,
      accepts: "anyone",
      isBodyStreamed: true, // a form, where all other bodies are JSON
      async answer(request, reply) {
        const confirmation = (await readForm(request)).get("confirmation") ?? "";
        const code = pathPart(request, "code");
        const outcome = await loginRequests.approve(code, confirmation);
        if (outcome.kind === "over") return sendPage(reply, { kind: "over" });
        if (outcome.kind === "wrong") {
          const { triesLeft } = outcome;
          return sendPage(
            reply,
            triesLeft === 0 ? { kind: "over" } : { kind: "form", login: loginName(code), triesLeft },
          );
        }
        const { approval, callbackPort } = outcome;
        if (callbackPort === null) return sendPage(reply, { kind: "approved", approval });
        return reply
          .header("cache-control", "no-store")
          .header("referrer-policy", "no-referrer")
          .redirect(`http://127.0.0.1:${callbackPort}/callback?approval_code=${approval}`, 303);
      },
    },
  ];
}

async function readForm(request: FastifyRequest): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.raw as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxFormBytes) return new URLSearchParams(); // no code is that long: it counts as a wrong one
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString());
}

/** Nothing may frame the page, run in it or learn its address; the form may lead on to the program that waits. */
function sendPage(reply: FastifyReply, page: LoginPage): FastifyReply {
  const status = { form: 200, approved: 200, over: 410 }[page.kind];
  return reply
    .code(status)
    .header("content-type", "text/html; charset=utf-8")
    .header("cache-control", "no-store")
    .header("referrer-policy", "no-referrer")
    .header("x-content-type-options", "nosniff")
    .header(
      "content-security-policy",
      `default-src 'none'; style-src ${stylePolicy}; form-action 'self' http://127.0.0.1:*; frame-ancestors 'none'; base-uri 'none'`,
    )
    .send(loginPageHtml(page));
}
