import { relative } from "node:path";

// Frames of Node, of functions that are built in, of what executes a task and of the bundle's entry say nothing about the user's code.
const foreignFrame =
  /node:|\(<anonymous>\)|\/\.pawl\/build\/|\/pawl-entry\.mjs|\/@pawl\/|\/packages\/(?:sdk|worker|contract|build|cli)\/(?:src|dist)\//;

/**
 * The frames of a stack that lie in the user's code and in packages, with paths relative to a folder.
 *
 * @param stack - as the error has it
 * @param dir - absolute path; files outside keep theirs
 * @returns lines such as `at build (trigger/report.ts:5:32)`
 */
export function userFrames(stack: string, dir: string): readonly string[] {
  const frames = stack.split("\n").filter((line) => line.trimStart().startsWith("at "));
  return frames.filter((line) => !foreignFrame.test(line)).map((line) => shortened(line.trim(), dir));
}

function shortened(frame: string, dir: string): string {
  return frame.replace(/(?:file:\/\/)?(\/[^():]+)(?=:\d+:\d+)/, (whole, path: string) => {
    const short = relative(dir, path);
    return short.startsWith("..") ? whole : short;
  });
}
