/**
 * A pattern for a JSON body: each field of it has to be there. A field is an object of further fields, or a list of what the
 * value may be: values, or conditions such as `{ $anythingBut: "insufficient_quota" }`.
 */
export interface BodyFilter {
  readonly [field: string]: BodyFilter | readonly BodyCondition[];
}

/** What a value of a {@link BodyFilter} may be. */
export type BodyCondition =
  | string
  | number
  | boolean
  | null
  | {
      readonly $anythingBut?: string | number | boolean | readonly (string | number | boolean)[];
      readonly $exists?: boolean;
      readonly $startsWith?: string;
      readonly $endsWith?: string;
      readonly $gt?: number;
      readonly $gte?: number;
      readonly $lt?: number;
      readonly $lte?: number;
    };

/**
 * Says whether a body fits a filter.
 *
 * @param filter - the filter
 * @param body - a JSON value; anything but an object fits no filter with fields
 * @returns whether every field of the filter fits
 */
export function fitsFilter(filter: BodyFilter, body: unknown): boolean {
  return Object.entries(filter).every(([field, expected]) => {
    const value = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[field] : undefined;
    // An array in a filter is always a list of conditions.
    if (Array.isArray(expected)) return (expected as readonly BodyCondition[]).some((one) => fitsCondition(one, value));
    return fitsFilter(expected as BodyFilter, value);
  });
}

type ConditionName = "$anythingBut" | "$exists" | "$startsWith" | "$endsWith" | "$gt" | "$gte" | "$lt" | "$lte";

const conditions: Readonly<Record<ConditionName, (wanted: unknown, value: unknown) => boolean>> = {
  $anythingBut: (wanted, value) => !(Array.isArray(wanted) ? wanted : [wanted]).includes(value),
  $exists: (wanted, value) => (value !== undefined) === wanted,
  $startsWith: (wanted, value) => typeof value === "string" && value.startsWith(String(wanted)),
  $endsWith: (wanted, value) => typeof value === "string" && value.endsWith(String(wanted)),
  $gt: (wanted, value) => typeof value === "number" && value > Number(wanted),
  $gte: (wanted, value) => typeof value === "number" && value >= Number(wanted),
  $lt: (wanted, value) => typeof value === "number" && value < Number(wanted),
  $lte: (wanted, value) => typeof value === "number" && value <= Number(wanted),
};

function fitsCondition(condition: BodyCondition, value: unknown): boolean {
  if (typeof condition !== "object" || condition === null) return value === condition;
  return Object.entries(condition).every(
    ([name, wanted]) => conditions[name as ConditionName]?.(wanted, value) ?? false,
  );
}
