/** The resolved request, as people read it: in groups, with words, in the units that the form has. */
export type Request = Record<string, unknown>;

export interface Setting {
  /** Its place in the request. */
  path: string;
  label: string;
  value: unknown;
  unit?: string;
}

export interface SettingGroup {
  title: string;
  settings: Setting[];
  /** In place of settings: there are none, because. */
  absent?: string;
}

/** What has no group of its own name stands here, so that nothing is left out. */
const KNOWN: Record<string, [group: string, label: string, unit?: string]> = {
  start_date: ["Span", "First bar"],
  end_date: ["Span", "Ends before"],
  timeframe: ["Span", "Timeframe"],
  finer_timeframe: ["Span", "Finer candles"],
  warm_up_start: ["Span", "Warm-up from"],
  warm_up_bars: ["Span", "Warm-up", "bars"],
  initial_cash: ["Money", "Cash at the start"],
  leverage: ["Money", "Leverage", "×"],
  maintenance_margin_pct: ["Money", "Maintenance margin", "%"],
  funding: ["Money", "Funding"],
  taker_fee_bps: ["Costs", "Taker fee", "bps"],
  maker_fee_bps: ["Costs", "Maker fee", "bps"],
  slippage_bps: ["Costs", "Slippage", "bps"],
  slippage_range_fraction: ["Costs", "Slippage, share of the bar's range"],
  slippage_volume_share: ["Costs", "Slippage, by share of the volume"],
};
/** They have a part of the page of their own. */
const APART = new Set(["strategy", "parameters", "symbols", "allocations", "risk", "behaviour"]);
const ORDER = ["Span", "Money", "Costs", "Other"];

export function settingGroups(request: Request): SettingGroup[] {
  const groups = new Map<string, Setting[]>(ORDER.map((title) => [title, []]));
  for (const [path, value] of Object.entries(request)) {
    if (APART.has(path)) continue;
    const [group, label, unit] = KNOWN[path] ?? ["Other", labelOf(path)];
    groups.get(group)?.push({ path, label, value, ...(unit ? { unit } : {}) });
  }
  const strategy = asRequest(request.strategy);
  const found: SettingGroup[] = [...groups].map(([title, settings]) => ({ title, settings }));
  return [
    { title: "Parameters", settings: settingsOf("parameters", request.parameters), absent: "It has none." },
    ...found,
    {
      title: "Allocations at the start",
      settings: allocations(request),
      absent: "All cash.",
    },
    limits("Risk limits", "risk", request, strategy),
    limits("Behaviour", "behaviour", request, strategy),
  ].filter((group) => group.settings.length > 0 || group.absent !== undefined);
}

/** Limits are those of the request, else the strategy's own. */
function limits(title: string, name: string, request: Request, strategy: Request): SettingGroup {
  if (request[name]) return { title, settings: settingsOf(name, request[name]) };
  const own = settingsOf(`strategy.${name}`, strategy[name]);
  return own.length > 0
    ? { title: `${title} (the strategy's own)`, settings: own }
    : { title, settings: [], absent: "None: neither the request nor the strategy has any." };
}

function allocations(request: Request): Setting[] {
  const amounts = Array.isArray(request.allocations) ? (request.allocations as unknown[]) : [];
  const symbols = Array.isArray(request.symbols) ? (request.symbols as Request[]) : [];
  return amounts.flatMap((value, i) =>
    typeof value === "number" && value > 0
      ? [{ path: `allocations[${i}]`, label: String(symbols[i]?.symbol ?? i), value }]
      : [],
  );
}

export function settingsOf(path: string, value: unknown): Setting[] {
  return Object.entries(asRequest(value)).map(([name, each]) => ({
    path: `${path}.${name}`,
    label: labelOf(name),
    value: each,
    ...(name.endsWith("_pct") ? { unit: "%" } : name.endsWith("_hours") ? { unit: "h" } : {}),
  }));
}

export function asRequest(value: unknown): Request {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Request) : {};
}

function labelOf(name: string): string {
  const words = name.replace(/_(pct|hours|bps)$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Write a value of a setting; null says that it is off. */
export function writtenValue({ value, unit }: Setting): string {
  if (value === null || value === undefined) return "off";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value.replace(/T00:00:00Z$/, "").replace(/:00Z$/, "Z");
  if (typeof value === "number")
    return `${value.toLocaleString("en-US", { maximumFractionDigits: 8 })}${unit ? ` ${unit}` : ""}`;
  if (Array.isArray(value))
    return value.map((each) => writtenValue({ path: "", label: "", value: each })).join(", ");
  return Object.entries(asRequest(value))
    .map(
      ([name, each]) => `${name.replaceAll("_", " ")} ${writtenValue({ path: "", label: "", value: each })}`,
    )
    .join(", ");
}
