import type { Compare } from "@/api/types";

export type Difference = Compare["differences"][number];

export interface DifferenceGroup {
  title: string;
  rows: Difference[];
}

const GROUPS: [title: string, has: RegExp][] = [
  ["Candles and warm-up", /^(warm_up\w*|symbols\[\d+\]\.(?!symbol$|exchange$).*)$/],
  ["Strategy: limits, size, behaviour", /^(strategy\.)?(risk|behaviour|sizing)\b/],
  ["Strategy: its document", /^strategy\b/],
];
const RUN = "Run";

/** Part the differences: first what was asked for, last what the strategy's document says. */
export function grouped(differences: Difference[]): DifferenceGroup[] {
  const rows = new Map<string, Difference[]>(
    [RUN, ...GROUPS.map(([title]) => title)].map((title) => [title, []]),
  );
  for (const difference of differences) {
    const title = GROUPS.find(([, has]) => has.test(difference.path))?.[0] ?? RUN;
    rows.get(title)?.push(difference);
  }
  return [...rows].map(([title, found]) => ({ title, rows: found })).filter((group) => group.rows.length > 0);
}

/** Write a value of a configuration as it stands in its document; null where a run does not have it. */
export function written(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  // A version of candles is 32 letters, of which the first few tell it from another.
  if (typeof value === "string" && /^[0-9a-f]{32,}$/.test(value)) return `${value.slice(0, 10)}…`;
  if (typeof value === "string") return value.replace(/T00:00:00Z$/, "").replace(/:00Z$/, "Z");
  return JSON.stringify(value);
}
