import pc from "picocolors";
import { renderTable } from "./table.ts";

/**
 * Where a server listens and which keys it knows.
 *
 * @param url - of the server
 * @param environments - names and keys
 * @returns the lines for the terminal
 */
export function renderServerReady(
  url: string,
  environments: readonly { readonly slug: string; readonly secretKey: string }[],
): readonly string[] {
  const rows = environments.map(({ slug, secretKey }) => [pc.dim(`TRIGGER_SECRET_KEY (${slug})`), secretKey]);
  return [
    "",
    ...renderTable([[pc.dim("TRIGGER_API_URL"), pc.underline(url)], ...rows]).map((line) => `  ${line}`),
    "",
    pc.dim('  Start a worker with these two set: "pawl worker <folder>". Ctrl-C ends the server.'),
  ];
}
