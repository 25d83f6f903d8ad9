import type { Report } from "@/api/types";

export const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

type Month = Report["monthly"][number];

export interface Year {
  year: string;
  /** January to December; undefined where the run has none. */
  months: (Month | undefined)[];
  total: Report["yearly"][number] | undefined;
}

/** Put months under each other by year, with what the year came to. */
export function monthGrid(monthly: Report["monthly"], yearly: Report["yearly"]): Year[] {
  const years = new Map<string, Year>();
  for (const row of monthly) {
    const [year = "", month = "1"] = row.month.split("-");
    let found = years.get(year);
    if (!found) {
      const total = yearly.find((each) => each.year === year);
      found = { year, months: new Array<Month | undefined>(12).fill(undefined), total };
      years.set(year, found);
    }
    found.months[Number(month) - 1] = row;
  }
  return [...years.values()];
}

const DEEPEST_PCT = 20;
const MOST_SHADE = 48;

/** Return how much of the colour a return has, in percent: the text on it stays readable at the most. */
export function shade(returnPct: number, isYear = false): number {
  const deepest = isYear ? 3 * DEEPEST_PCT : DEEPEST_PCT;
  const share = Math.min(1, Math.abs(returnPct) / deepest);
  // The root lets small months be told from each other too.
  return Math.round(MOST_SHADE * Math.sqrt(share));
}
