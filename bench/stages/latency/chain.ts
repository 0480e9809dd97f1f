import type { Moment, Role } from "../trace/protocol.ts";

/** A moment, and in which process it was. */
export interface PlacedMoment extends Moment {
  readonly role: Role;
}

/** One step of a way through the system: the stage before it, and the moment that ends it. */
export interface Step {
  /** What happens from the moment of the step before until this one's. */
  readonly stage: string;
  /** Names the moment. */
  readonly name: string;
  /** How the moment is known; null: it is given with the sample. */
  readonly found: Found | null;
  /** Whether the way may go without it: the stage is then empty. */
  readonly isOptional?: boolean;
}

/** How a moment is known among those that were noted. */
interface Found {
  readonly role: Role;
  readonly channel: string;
  readonly label: RegExp;
  /** Whether it names the run. */
  readonly isOfRun: boolean;
}

/** One passage of a way. */
export interface Passage {
  /** Ids under which the moments may name its run. */
  readonly ids: readonly string[];
  readonly calledAtNs: bigint;
  /** The moments that nobody noted, by the names of their steps. */
  readonly given: Readonly<Record<string, bigint>>;
}

/**
 * Finds the moments of a passage: each step's is the first that fits after the one of the step before.
 *
 * @param steps - the way
 * @param passage - which passage of it
 * @param moments - what was noted, in the order of time
 * @returns the length of each stage in milliseconds, one for each step; null where a moment is missing
 */
export function stagesOf(
  steps: readonly Step[],
  passage: Passage,
  moments: readonly PlacedMoment[],
): readonly number[] | null {
  const lengths: number[] = [];
  let at = passage.calledAtNs;
  for (const [index, step] of steps.entries()) {
    const found = findMoment(step, passage, moments, at);
    const next = step.isOptional === true ? findNext(steps.slice(index + 1), passage, moments, at) : null;
    const isThere = found !== null && (next === null || found <= next);
    if (!isThere && step.isOptional !== true) return null;
    const endsAt = isThere ? found : at;
    lengths.push(Number(endsAt - at) / 1e6);
    at = endsAt;
  }
  return lengths;
}

/** The moment of the next step that can't be left out. */
function findNext(
  steps: readonly Step[],
  passage: Passage,
  moments: readonly PlacedMoment[],
  after: bigint,
): bigint | null {
  const next = steps.find(({ isOptional }) => isOptional !== true);
  return next === undefined ? null : findMoment(next, passage, moments, after);
}

function findMoment(
  { name, found }: Step,
  { ids, given }: Passage,
  moments: readonly PlacedMoment[],
  after: bigint,
): bigint | null {
  if (found === null) return given[name] ?? null;
  for (const { role, channel, label, text, atNs } of moments) {
    const at = BigInt(atNs);
    if (at < after || role !== found.role || channel !== found.channel || !found.label.test(label)) continue;
    if (!found.isOfRun || ids.some((id) => text.includes(id))) return at;
  }
  return null;
}
