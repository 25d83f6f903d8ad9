/** What is drawn over the bars and below them: which columns of the candles belong together, and where they go. */
import { decimal, price } from "@/format/numbers";

export interface Line {
  column: string;
  style: "line" | "histogram";
  /** Its place among the colours of series. */
  colour: string;
}

export interface Indicator {
  id: string;
  label: string;
  lines: Line[];
  /** On the price, or in a pane of its own below. */
  place: "price" | "below";
  /** The strategy's own, in place of what every run has. */
  isOwn: boolean;
}

const PRICE_COLUMNS = new Set(["open", "high", "low", "close", "volume"]);

const STANDARD: Indicator[] = [
  standard("sma_20", "SMA 20", "price", [["sma_20", "series-3"]]),
  standard("sma_50", "SMA 50", "price", [["sma_50", "series-5"]]),
  standard("ema_20", "EMA 20", "price", [["ema_20", "series-2"]]),
  standard("bb", "Bollinger bands 20", "price", [
    ["bb_upper", "benchmark"],
    ["bb_middle", "benchmark"],
    ["bb_lower", "benchmark"],
  ]),
  standard("rsi_14", "RSI 14", "below", [["rsi_14", "series-4"]]),
  {
    ...standard("macd", "MACD 12 26 9", "below", [
      ["macd", "series-2"],
      ["macd_signal", "series-5"],
    ]),
    lines: [
      { column: "macd_hist", style: "histogram", colour: "benchmark" },
      { column: "macd", style: "line", colour: "series-2" },
      { column: "macd_signal", style: "line", colour: "series-5" },
    ],
  },
  standard("atr_14", "ATR 14", "below", [["atr_14", "series-6"]]),
];

const OWN_COLOURS = ["series-2", "series-3", "series-4", "series-6", "series-5", "series-1"];

function standard(
  id: string,
  label: string,
  place: Indicator["place"],
  lines: [column: string, colour: string][],
): Indicator {
  return {
    id,
    label,
    place,
    isOwn: false,
    lines: lines.map(([column, colour]) => ({ column, style: "line", colour })),
  };
}

type Place = Indicator["place"];

/**
 * The indicators of a run by the columns that its bars have; the strategy's own first. `places` keeps where
 * those go, so that none moves when other bars are looked at.
 */
export function indicatorsOf(columns: Record<string, Float64Array>, places: Map<string, Place>): Indicator[] {
  const names = Object.keys(columns);
  const known = new Set(STANDARD.flatMap((one) => one.lines.map((line) => line.column)));
  const close = columns.close ?? new Float64Array();
  const own = names
    .filter((name) => !PRICE_COLUMNS.has(name) && !known.has(name))
    .map((name, index): Indicator => {
      const place = places.get(name) ?? placeOf(columns[name] as Float64Array, close);
      if (place !== null) places.set(name, place);
      return {
        id: name,
        label: name.replaceAll("_", " "),
        place: place ?? "price",
        isOwn: true,
        lines: [{ column: name, style: "line", colour: OWN_COLOURS[index % OWN_COLOURS.length] as string }],
      };
    });
  return [...own, ...STANDARD.filter((one) => one.lines.every((line) => line.column in columns))];
}

const NEAR = 0.35;

/** On the price, if nearly all values lie near the close: no strategy says it. Null while there are none. */
export function placeOf(values: Float64Array, close: Float64Array): Place | null {
  let near = 0;
  let there = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (Number.isNaN(value)) continue;
    there += 1;
    if (Math.abs(value / (close[index] as number) - 1) < NEAR) near += 1;
  }
  if (there === 0) return null;
  return near >= 0.9 * there ? "price" : "below";
}

/** What is shown until somebody chooses: what the strategy itself looks at, else a mean and an oscillator. */
export function shownAtFirst(indicators: Indicator[]): string[] {
  const own = indicators.filter((one) => one.isOwn).map((one) => one.id);
  return own.length > 0 ? own : ["ema_20", "rsi_14"];
}

const KEY = "stepfold.playback.indicators";

/** What was chosen for a strategy the last time. */
export function keptChoice(strategy: string): string[] | null {
  const kept = choices()[strategy];
  return Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : null;
}

export function keepChoice(strategy: string, shown: string[]): void {
  localStorage.setItem(KEY, JSON.stringify({ ...choices(), [strategy]: shown }));
}

function choices(): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return typeof read === "object" && read !== null ? { ...read } : {};
  } catch {
    return {};
  }
}

/** A value in the legend: a price like a price, an oscillator with what digits say something. */
export function reading(indicator: Indicator, value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (indicator.place === "price") return price(value);
  return decimal(value, Math.abs(value) < 1 ? 4 : 2);
}
