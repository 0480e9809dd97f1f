export type { DevEvent, ListedTask } from "./dev/dev-event.ts";
export { type DevSession, type DevSettings, startDev } from "./dev/dev-session.ts";
export { renderDevEvent } from "./terminal/dev-lines.ts";
export { renderErrorMessage } from "./terminal/error-message.ts";
