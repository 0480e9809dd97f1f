import { Cron } from "croner";
import cronstrue from "cronstrue";

/** A cron expression that was read. */
export interface CronExpression {
  /** Whether it goes by hours that pass, not by hours of the clock: its hour is `*`. */
  readonly isHourly: boolean;
  /** The first wall clock time after another that it names, both as if they were UTC, in milliseconds; null: there is none. */
  nextWallTime(afterMs: number): number | null;
}

/** An expression, or why it is none. */
export type ParsedCron =
  | { readonly kind: "cron"; readonly cron: CronExpression }
  | { readonly kind: "refused"; readonly reason: string };

const nicknames: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** The fields in their order, with what each may hold. */
const fields = [
  ["second", "0-59"],
  ["minute", "0-59"],
  ["hour", "0-23"],
  ["day of month", "1-31, or L for the last"],
  ["month", "1-12 or JAN-DEC"],
  ["day of week", "0-7 or SUN-SAT, or 1L-7L for the last one of a month"],
] as const;

/** Expressions are read once for all schedules that have them. */
const mostParsed = 10_000;
const parsed = new Map<string, ParsedCron>();

/**
 * Reads a cron expression: five fields, or six with seconds first, with names, ranges, lists, steps and `L`, or a nickname such as
 * `@daily`.
 *
 * @param text - the expression
 * @returns the expression, or a sentence that says which field is wrong
 */
export function parseCron(text: string): ParsedCron {
  let found = parsed.get(text);
  if (found === undefined) {
    found = parse(text);
    if (parsed.size >= mostParsed) parsed.clear();
    parsed.set(text, found);
  }
  return found;
}

/**
 * Says a cron expression in words.
 *
 * @param cron - the expression
 * @returns such as "Every 2 hours"; the expression itself where there are no words for it
 */
export function describeCron(cron: string): string {
  try {
    return cronstrue.toString(plainFields(cron).join(" "));
  } catch {
    return cron;
  }
}

function plainFields(text: string): readonly string[] {
  const trimmed = text.trim();
  const nickname = trimmed.toLowerCase();
  return ((Object.hasOwn(nicknames, nickname) ? nicknames[nickname] : undefined) ?? trimmed).split(/\s+/);
}

function parse(text: string): ParsedCron {
  const parts = plainFields(text);
  if (parts[0]?.startsWith("@")) {
    return refused(`${quote(text)} is no nickname of a schedule: use one of ${Object.keys(nicknames).join(", ")}.`);
  }
  if (parts.length === 7) {
    return refused(
      `${quote(text)} has seven fields: years can't be given, use five fields, or six with seconds first.`,
    );
  }
  if (parts.length !== 5 && parts.length !== 6) {
    const count = text.trim() === "" ? "no" : parts.length;
    return refused(
      `${quote(text)} has ${count} field${count === 1 ? "" : "s"}: a cron expression has five (minute, hour, day of month, month, day of week), or six with seconds first.`,
    );
  }
  const six = parts.length === 6 ? parts : ["0", ...parts];
  try {
    const cron = open(six);
    if (cron.nextRun(new Date()) === null) {
      return refused(`${quote(text)} never fires: no day is in all of its fields.`);
    }
    const hour = six[2];
    return {
      kind: "cron",
      cron: {
        isHourly: hour === "*" || hour === "?",
        nextWallTime: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() ?? null,
      },
    };
  } catch {
    return refused(reasonFor(text, six));
  }
}

/** With an offset of its own, the library knows of no zone: it computes wall clock times. */
function open(six: readonly string[]): Cron {
  return new Cron(six.join(" "), { paused: true, utcOffset: 0, mode: "6-part" });
}

function reasonFor(text: string, six: readonly string[]): string {
  for (const [index, [name, range]] of fields.entries()) {
    const part = six[index] ?? "";
    try {
      open(six.map((_, other) => (other === index ? part : "*")));
    } catch {
      return `${quote(part)} is no ${name} in the cron expression ${quote(text)}: it takes ${range}, with lists (a,b), ranges (a-b) and steps (*/n).`;
    }
  }
  return `${quote(text)} is no cron expression.`;
}

function refused(reason: string): ParsedCron {
  return { kind: "refused", reason };
}

function quote(text: string): string {
  return `"${text}"`;
}
