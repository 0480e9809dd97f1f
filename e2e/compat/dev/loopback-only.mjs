// Loaded into the original's command line by its tests: it asks its vendor and npm what is new, and waits for answers that a machine
// without the internet does not get. Whatever is not on this machine answers at once that there is nothing.

const reallyFetch = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const { hostname } = new URL(input instanceof Request ? input.url : String(input));
  if (hostname === "127.0.0.1" || hostname === "localhost") return reallyFetch(input, init);
  return Response.json({ error: "not on this machine" }, { status: 404, headers: { "x-should-retry": "false" } });
};
