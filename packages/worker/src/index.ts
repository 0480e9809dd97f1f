export type { HostEvent } from "./host/host-event.ts";
export { fetchEnvVars } from "./host/payload-fetch.ts";
export { indexBundle } from "./index-bundle.ts";
export { IndexError } from "./index-error.ts";
export { type AddedVersion, type Host, type HostOptions, type HostStatus, startHost } from "./start-host.ts";
