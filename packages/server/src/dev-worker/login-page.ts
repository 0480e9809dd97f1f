import { createHash } from "node:crypto";

/** What the page shows. */
export type LoginPage =
  /** Of a login with this name. `triesLeft`: after a wrong code; null before the first. */
  | { readonly kind: "form"; readonly login: string; readonly triesLeft: number | null }
  /** The code is for the program that waits. */
  | { readonly kind: "approved"; readonly approval: string }
  | { readonly kind: "over" };

const style = `
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1rem/1.5 system-ui, sans-serif;
  background: light-dark(#f6f6f4, #16171a); color: light-dark(#1b1c1e, #e8e8e6); }
main { box-sizing: border-box; width: min(100%, 30rem); padding: 1.5rem; }
h1 { font-size: 1.25rem; margin: 0 0 .75rem; }
p { margin: 0 0 1rem; }
label { display: block; margin-bottom: .25rem; font-weight: 600; }
input, button { box-sizing: border-box; width: 100%; padding: .75rem; border-radius: .5rem; font: inherit; }
input, output { font-family: ui-monospace, monospace; font-size: 1.5rem; letter-spacing: .1em; text-align: center; }
input { border: 1px solid light-dark(#8a8a86, #77787c); background: light-dark(#fff, #1e1f23); color: inherit;
  text-transform: uppercase; }
button { margin-top: 1rem; border: 0; font-weight: 600; background: light-dark(#1b1c1e, #e8e8e6); color: light-dark(#fff, #16171a); }
input:focus-visible, button:focus-visible { outline: 3px solid #3b82f6; outline-offset: 2px; }
output { display: block; padding: 1rem; border-radius: .5rem; background: light-dark(#e7e7e3, #26272c); user-select: all; }
.wrong { color: light-dark(#b3261e, #ff8a80); font-weight: 600; }
code { white-space: nowrap; }
.note { font-size: .875rem; margin: 1.25rem 0 0; opacity: .8; }
`;

/** Lets the page's own style in, and no other. */
export const stylePolicy = `'sha256-${createHash("sha256").update(style).digest("base64")}'`;

/**
 * Writes the page on which a login is approved. It works without scripts, on small screens and in the dark; of a request it shows
 * nothing but the name of a login that waits.
 *
 * @param page - what it shows
 * @returns the HTML
 */
export function loginPageHtml(page: LoginPage): string {
  const { title, body } = contentOf(page);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Pawl</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
}

function contentOf(page: LoginPage): { readonly title: string; readonly body: string } {
  if (page.kind === "form") return { title: "Sign in a command-line tool", body: formHtml(page.login, page.triesLeft) };
  if (page.kind === "approved") {
    return {
      title: "One step more",
      body: `<p>Enter this code where the command waits, or add it to the command as <code>--code</code>:</p>
<output>${page.approval}</output>
<p class="note">Give it to nobody who asks for it: it opens every environment of this server.</p>`,
    };
  }
  return {
    title: "This login is over",
    body: "<p>It took longer than ten minutes, was approved already, or had five wrong codes. Run the command again, and open the address that it prints.</p>",
  };
}

function formHtml(login: string, triesLeft: number | null): string {
  const wrong =
    triesLeft === null
      ? ""
      : `<p class="wrong" role="alert">That is not the code. ${triesLeft === 1 ? "One try is left." : `${triesLeft} tries are left.`}</p>\n`;
  return `<p>A command-line tool asks for a token that opens every environment of this Pawl server. The server has printed a code for login <b>${login}</b> in its terminal or its log. Whoever can read it there may go on.</p>
${wrong}<form method="post">
<label for="confirmation">Code from the server</label>
<input id="confirmation" name="confirmation" placeholder="ABCD-EFGH" maxlength="12" required autofocus
 autocomplete="one-time-code" autocapitalize="characters" spellcheck="false">
<button>Sign in</button>
</form>
<p class="note">If you have not just run <code>trigger login</code> yourself, close this page.</p>`;
}
