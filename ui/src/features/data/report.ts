/** What a fetch, an import or a resampling says at its end, in sentences. */
import { integer } from "@/format/numbers";
import { utc } from "@/format/times";

type Report = Record<string, unknown>;

// What was found in the bars that came, in the words of docs/data.md.
const FOUND: [name: string, one: string, many: string][] = [
  ["missing_bars", "missing bar", "missing bars"],
  ["jumps", "jump", "jumps"],
  ["disagreeing_bars", "bar that another timeframe contradicts", "bars that another timeframe contradicts"],
  ["incomplete_bars", "incomplete bar", "incomplete bars"],
  ["flat_bars", "flat bar", "flat bars"],
  ["zero_volume_bars", "bar without volume", "bars without volume"],
];

const PUT_RIGHT: [name: string, one: string, many: string][] = [
  ["duplicates_removed", "row that came twice was taken once", "rows that came twice were taken once"],
  ["out_of_order_rows", "row was put in order", "rows were put in order"],
];

/** Return one sentence after the other; `unit` is what the dataset is made of: bars or rates. */
export function sentences(report: Report, unit: "bars" | "rates"): string[] {
  const said: string[] = [];
  const came = number(report, "rows");
  const [first, last] = [text(report, "first"), text(report, "last")];
  const span = first && last ? `, ${utc(first)} to ${utc(last)} UTC` : "";
  if (came !== null) said.push(came === 0 ? `No ${unit} are new` : `${integer(came)} ${unit} came${span}`);
  const found = counted(report, FOUND);
  said.push(found ? `Found in them: ${found}` : "Nothing suspicious in them");
  const right = counted(report, PUT_RIGHT);
  if (right) said.push(right);
  const changed = report.changed;
  if (Array.isArray(changed) && changed.length > 0) {
    said.push(
      `${integer(changed.length)} held ${unit} differ from what the exchange says now; fetch the span again, ` +
        "what is held included, to replace them",
    );
  }
  const rows = number(report, "dataset_rows");
  const [from, to] = [text(report, "dataset_first"), text(report, "dataset_last")];
  if (rows !== null && from && to) {
    const version = number(report, "number");
    said.push(
      `Held now: ${integer(rows)} ${unit}, ${utc(from)} to ${utc(to)} UTC` +
        (version === null ? "" : `, version ${version}`),
    );
  }
  return said;
}

function counted(report: Report, names: [string, string, string][]): string {
  return names
    .flatMap(([name, one, many]) => {
      const count = number(report, name);
      return count ? [`${integer(count)} ${count === 1 ? one : many}`] : [];
    })
    .join(", ");
}

function number(report: Report, name: string): number | null {
  const value = report[name];
  return typeof value === "number" ? value : null;
}

function text(report: Report, name: string): string | null {
  const value = report[name];
  return typeof value === "string" ? value : null;
}
