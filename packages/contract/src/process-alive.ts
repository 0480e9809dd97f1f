/**
 * Tells whether a process of this machine is alive, somebody else's included. For Node and runtimes like it.
 *
 * @param pid - the id of the process
 * @returns whether it is; never for what is no id of a single process
 * @example
 * ```ts
 * isProcessAlive(process.pid); // true
 * ```
 */
export function isProcessAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not allowed to signal it: it is there.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
