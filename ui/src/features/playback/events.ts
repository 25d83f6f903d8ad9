/** Events of a run as they are listed: names, one line each, and which of them a filter lets through. */
import type { EventRow } from "@/api/types";
import type { EventFilter } from "@/features/playback/pages";
import { money, percent, price, quantity, signedMoney } from "@/format/numbers";
import { utc } from "@/format/times";

export const EVENT_NAMES: Record<string, string> = {
  trigger_fired: "Trigger",
  order_submitted: "Order",
  fill: "Fill",
  trade_blocked: "Blocked",
  gap: "Gap",
  funding: "Funding",
  risk_off_latched: "Risk off",
  walked_away: "Walked away",
  plan_generated: "Plan",
  run_completed: "End",
};

export function passes(event: EventRow, filter: EventFilter): boolean {
  if (filter.types.length > 0 && !filter.types.includes(event.type)) return false;
  return filter.symbol === null || event.symbol === filter.symbol;
}

/** What an event says in one line. */
export function summaryOf(event: EventRow): string {
  const said = event.payload;
  const text = (name: string) => words(said[name]);
  const figure = (name: string) => (typeof said[name] === "number" ? said[name] : null);
  const trigger = event.trigger_id ?? "";
  switch (event.type) {
    case "trigger_fired":
      return `${trigger} ${text("rule")}: ${text("expression")}`;
    case "order_submitted":
      return `${trigger}: ${text("order")} ${text("side")}, fills at ${text("fills_at")}`;
    case "fill": {
      const pnl = figure("pnl");
      const earned = pnl === null ? "" : `, ${signedMoney(pnl)}`;
      return `${text("side")} ${quantity(figure("qty"))} at ${price(figure("price"))}, ${words(said.reason)}${earned}`;
    }
    case "trade_blocked": {
      const count = figure("count") ?? 1;
      return `${trigger} ${text("side")}: ${words(said.reason)}${count > 1 ? `, ${count} times` : ""}`;
    }
    case "gap":
      return `${text("missing_bars")} bars missing, ${time(said.from)} to ${time(said.to)}`;
    case "funding":
      return `paid ${money(figure("paid"))} at ${percent(100 * (figure("rate") ?? 0), 4)}`;
    case "risk_off_latched":
      return `${trigger}: ${text("expression")}`;
    case "plan_generated":
      return `${text("strategy")}, ${text("warm_up_bars")} bars of warm-up`;
    case "run_completed":
      return `${text("trades")} trades, equity ${money(figure("final_equity"))}`;
    default:
      return trigger;
  }
}

function time(value: unknown): string {
  return typeof value === "string" ? utc(value) : "–";
}

/** A code of the engine's as words: `min_hold` is "min hold". */
export function words(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "string" && /^[a-z_]+$/.test(value) ? value.replaceAll("_", " ") : String(value);
}

/** A value of a payload, as it is read: times in UTC, figures with their digits, codes as words. */
export function shownValue(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : quantity(value);
  if (typeof value === "string") return /^\d{4}-\d\d-\d\dT/.test(value) ? `${utc(value)} UTC` : words(value);
  return value === null ? "–" : JSON.stringify(value);
}
