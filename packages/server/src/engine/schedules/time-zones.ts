const dayMs = 86_400_000;

/** How many days of offsets a zone remembers: years of a schedule that fires once a day. */
const mostDays = 2_000;

/** The offset of a zone's wall clock from UTC, at any time, in milliseconds. */
export interface TimeZone {
  offsetAt(atMs: number): number;
  /** The first time at which the offset differs from that before it, after the one and up to the other; null: it stays. */
  changeBetween(afterMs: number, untilMs: number): number | null;
}

const zones = new Map<string, TimeZone | null>();
let names: readonly string[] | null = null;

/**
 * The names of all time zones, UTC first.
 *
 * @returns IANA names
 */
export function timeZones(): readonly string[] {
  names ??= ["UTC", ...Intl.supportedValuesOf("timeZone").filter((name) => name !== "UTC")];
  return names;
}

/**
 * Finds a time zone by its name.
 *
 * @param name - an IANA name, in any case; aliases such as `US/Eastern` count
 * @returns the zone, or null when there is none of that name
 */
export function findTimeZone(name: string): TimeZone | null {
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = openTimeZone(name);
    if (zones.size >= 1_000) zones.clear(); // callers may send any number of wrong names
    zones.set(name, zone);
  }
  return zone;
}

function openTimeZone(name: string): TimeZone | null {
  const clock = wallClock(name);
  if (clock === null) return null;
  // No zone changes its offset twice within a day, so a day that begins and ends with the same one has no other.
  const days = new Map<number, number | null>();
  function offsetOfDay(day: number): number | null {
    const known = days.get(day);
    if (known !== undefined) return known;
    const first = clock?.(day * dayMs) ?? 0;
    const offset = first === clock?.((day + 1) * dayMs) ? first : null;
    if (days.size >= mostDays) days.clear();
    days.set(day, offset);
    return offset;
  }
  const offsetAt = (atMs: number) => offsetOfDay(Math.floor(atMs / dayMs)) ?? clock(atMs);
  return {
    offsetAt,
    changeBetween(afterMs, untilMs) {
      const before = offsetAt(afterMs);
      if (offsetAt(untilMs) === before) return null;
      let [low, high] = [Math.floor(afterMs / 1_000), Math.ceil(untilMs / 1_000)];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (offsetAt(middle * 1_000) === before) low = middle;
        else high = middle;
      }
      return high * 1_000;
    },
  };
}

/** Null when there is no such zone. Offsets such as `+02:00`, which some runtimes take, are no names of zones. */
function wallClock(name: string): ((atMs: number) => number) | null {
  if (!/^[A-Za-z]/.test(name)) return null;
  const numeric = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric" } as const;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      ...numeric,
      minute: "numeric",
      second: "numeric",
      hourCycle: "h23",
      timeZone: name,
    });
    return (atMs) => {
      const second = Math.floor(atMs / 1_000) * 1_000;
      const [month = 0, day, year = 0, hour, minute, at] = (format.format(second).match(/\d+/g) ?? []).map(Number);
      return Date.UTC(year, month - 1, day, hour, minute, at) - second;
    };
  } catch {
    return null;
  }
}
