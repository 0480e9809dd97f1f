import { createServer } from "node:http";
import { metadata, task } from "@pawl/sdk";
import { echo } from "./plain.ts";

/** Every kind of value that packets carry besides JSON's own. */
export function everyKind() {
  return {
    at: new Date(0),
    map: new Map<unknown, unknown>([["key", new Set([1, "two"])]]),
    big: 2n ** 70n,
    missing: undefined,
    pattern: /a+b/gi,
    error: new RangeError("too far"),
    url: new URL("https://example.com/a?b=c"),
    none: null,
    numbers: [Number.NaN, Number.POSITIVE_INFINITY, -0],
  };
}

/** What a value of {@link everyKind} is after its way, for a comparison over JSON. */
export function kindsOf(value: ReturnType<typeof everyKind>): readonly string[] {
  const { at, map, big, pattern, error, url, none, numbers } = value;
  const set = map.get("key");
  return [
    at instanceof Date ? at.toISOString() : "no Date",
    set instanceof Set ? [...set].join() : "no Map with a Set",
    typeof big === "bigint" ? `${big}` : "no bigint",
    "missing" in value && value.missing === undefined ? "undefined" : "missing",
    pattern instanceof RegExp ? `${pattern}` : "no RegExp",
    error instanceof Error ? `${error.name}: ${error.message}` : "no Error",
    url instanceof URL ? url.href : "no URL",
    `${none}`,
    numbers.map((number) => (Object.is(number, -0) ? "-0" : `${number}`)).join(),
  ];
}

/** Says what its payload has become, and gets the same back from a child. */
export const carries = task({
  id: "carries",
  run: async (payload: ReturnType<typeof everyKind>) => {
    const back = await echo.triggerAndWait(payload).unwrap();
    metadata.set("kinds", [...kindsOf(payload)]);
    return { arrived: kindsOf(payload), cameBack: kindsOf(back as ReturnType<typeof everyKind>), payload };
  },
});

/** Returns a text of so many bytes. */
export const returnsLong = task({
  id: "returns-long",
  retry: { maxAttempts: 3 },
  run: async ({ bytes }: { bytes: number }) => ({ text: "x".repeat(bytes), at: new Date(0) }),
});

/** Waits for a long output. */
export const awaitsLong = task({
  id: "awaits-long",
  retry: { maxAttempts: 1 },
  run: async ({ bytes }: { bytes: number }) => {
    const { text, at } = await returnsLong.triggerAndWait({ bytes }).unwrap();
    return { length: text.length, isDate: at instanceof Date };
  },
});

/** Returns its own server. */
export const returnsServer = task({
  id: "returns-server",
  run: async () => ({ listening: [createServer()] }),
});
