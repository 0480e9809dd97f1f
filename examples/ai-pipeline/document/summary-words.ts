import { streams } from "@pawl/sdk";

/** The words of a summary, as the model writes them. Task and app both import this file, and neither gets the other's code by it. */
export const summaryWords = streams.define<string>({ id: "summary" });
