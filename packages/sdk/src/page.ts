// What pages call, each function by itself: a bundle for a browser holds only those that it uses. The hooks for React are made of these.

export { AuthenticationError } from "./errors/api-error.ts";
export { subscribeToBatch, subscribeToRun, subscribeToRunsWithTag } from "./realtime/subscribe.ts";
export { retrieve } from "./runs/retrieve.ts";
export { read, readToEnd } from "./streams/read.ts";
export { sendInput } from "./streams/send-input.ts";
export { trigger } from "./trigger/trigger.ts";
export { completeToken } from "./wait/token.ts";
