/**
 * The time of day on this machine.
 *
 * @param at - a moment
 * @returns `HH:MM:SS`
 */
export function clockTime(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/**
 * Day and time on this machine.
 *
 * @param at - a moment
 * @returns `YYYY-MM-DD HH:MM:SS`
 */
export function dateAndTime(at: Date): string {
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
  return `${day} ${clockTime(at)}`;
}
