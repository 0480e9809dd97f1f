import { spawnSync } from "node:child_process";

let hasWrapper: boolean | null = null;

/**
 * Wraps a command so that the system kills it when the host that starts it dies: even a process whose event loop is blocked,
 * and which can't notice by itself, does not outlive its host. Linux has `setpriv` for it; elsewhere the command stays as it is, and a
 * process ends when it notices that its host is gone.
 *
 * @param command - the program and its arguments
 * @returns the command to start; it becomes the program, under the same pid
 */
export function endWithHost(command: readonly string[]): { readonly file: string; readonly args: readonly string[] } {
  hasWrapper ??=
    process.platform === "linux" &&
    spawnSync("setpriv", ["--pdeathsig", "KILL", "true"], { stdio: "ignore" }).status === 0;
  const [file = "", ...args] = hasWrapper ? ["setpriv", "--pdeathsig", "KILL", ...command] : command;
  return { file, args };
}
