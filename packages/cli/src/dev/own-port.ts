import { once } from "node:events";
import { createServer } from "node:net";

/** The port of a server where nobody asked for another one. */
export const defaultPort = 3030;

/** The port that a server of ours shall listen on. */
export interface OwnPort {
  /** 0: a free one. */
  readonly port: number;
  /** Set where the default port is taken, so that it is another one. */
  readonly taken?: TakenPort;
}

/** A port that somebody else listens on. */
export interface TakenPort {
  readonly port: number;
  /** Absent where the system does not tell. */
  readonly pid?: number;
}

/**
 * Decides which port to listen on: the one that was asked for, else the default one, else any that is free.
 *
 * @param asked - the port that was asked for, which is taken as it is; null: none
 * @param host - the address to listen on
 * @param preferred - the default port
 * @returns the port
 */
export async function chooseOwnPort(asked: number | null, host: string, preferred = defaultPort): Promise<OwnPort> {
  if (asked !== null) return { port: asked };
  if (!(await isTaken(preferred, host))) return { port: preferred };
  const { findPortOwner } = await import("@pawl/server");
  const owner = await findPortOwner(preferred);
  return { port: 0, taken: { port: preferred, ...(owner === null ? {} : { pid: owner.pid }) } };
}

async function isTaken(port: number, host: string): Promise<boolean> {
  const probe = createServer();
  try {
    await once(probe.listen({ port, host }), "listening");
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  } finally {
    if (probe.listening) await new Promise((closed) => probe.close(closed));
  }
}
