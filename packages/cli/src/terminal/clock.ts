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

const isoTime = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/**
 * Writes the times in a sentence of the server as times on this machine.
 *
 * @param sentence - with times such as `2026-01-02T03:04:05.678Z`, or none
 * @returns the same with `YYYY-MM-DD HH:MM:SS`
 */
export function withLocalTimes(sentence: string): string {
  return sentence.replace(isoTime, (iso) => dateAndTime(new Date(iso)));
}
