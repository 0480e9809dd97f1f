export { listServerSettings, readServerSettings, type ServerSettings } from "./config.ts";
export { type RunningServer, type ServerObserver, startServer } from "./main.ts";
export { findPortOwner } from "./port-owner.ts";
export { StartError } from "./start-error.ts";
export type { EnvironmentWithKey } from "./store/environments.ts";
