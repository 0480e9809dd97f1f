declare module "pg-copy-streams" {
  import type { Writable } from "node:stream";
  import type pg from "pg";

  /** A stream of rows into a table, to be given to `client.query`. */
  export function from(text: string): Writable & pg.Submittable;
}
