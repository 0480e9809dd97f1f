import type { DevEvent } from "../dev/dev-event.ts";
import { renderDevEvent } from "./dev-lines.ts";
import type { Output } from "./output.ts";

/**
 * Makes the listener that shows what happens in `pawl dev` and `pawl worker`.
 *
 * @param output - where to show it
 * @returns the listener
 */
export function createEventWriter(output: Output): (event: DevEvent) => void {
  return (event) => {
    const at = new Date();
    if (output.isJson) output.json({ at: at.toISOString(), ...event });
    else output.lines(renderDevEvent(event, at));
  };
}
