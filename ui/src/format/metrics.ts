/**
 * The metrics of a run as people ask for them: their words, their unit, and which of two is the better one.
 * What each means stands in docs/metrics.md; names that are not here are still shown, by `metricNamed`.
 */
import { decimal, integer, money, percent } from "@/format/numbers";
import { duration, hours, utc } from "@/format/times";

type Kind = "money" | "percent" | "ratio" | "fraction" | "count" | "days" | "hours" | "ms" | "time" | "text";

export interface Metric {
  name: string;
  label: string;
  kind: Kind;
  /** Left out where neither is: a number of trades is not good or bad. */
  better?: "higher" | "lower";
}

export interface MetricGroup {
  title: string;
  metrics: Metric[];
}

function metric(name: string, label: string, kind: Kind, better?: Metric["better"]): Metric {
  return better ? { name, label, kind, better } : { name, label, kind };
}

/** What one asks first, in the order in which one asks. */
export const GROUPS: MetricGroup[] = [
  {
    title: "Outcome",
    metrics: [
      metric("initial_equity", "Equity at the start", "money"),
      metric("final_equity", "Final equity", "money", "higher"),
      metric("equity_return_pct", "Return", "percent", "higher"),
      metric("cagr_pct", "Return a year (CAGR)", "percent", "higher"),
      metric("benchmark_return_pct", "Buy and hold", "percent"),
      metric("benchmark_cagr_pct", "Buy and hold a year", "percent"),
      metric("exposure_time_pct", "Time in the market", "percent"),
      metric("win_months_pct", "Months won", "percent", "higher"),
      metric("best_month_pct", "Best month", "percent", "higher"),
      metric("worst_month_pct", "Worst month", "percent", "higher"),
    ],
  },
  {
    title: "Risk",
    metrics: [
      metric("max_drawdown_pct", "Max. drawdown", "percent", "lower"),
      metric("max_drawdown_days", "Longest drawdown", "days", "lower"),
      metric("avg_drawdown_pct", "Average drawdown", "percent", "lower"),
      metric("volatility_pct", "Volatility a year", "percent", "lower"),
      metric("ulcer_index_pct", "Ulcer index", "percent", "lower"),
      // Returns, negative where something is lost: the higher one loses less.
      metric("value_at_risk_95_pct", "Value at risk of a day (95 %)", "percent", "higher"),
      metric("conditional_value_at_risk_95_pct", "Expected shortfall of a day", "percent", "higher"),
      metric("worst_day_pct", "Worst day", "percent", "higher"),
    ],
  },
  {
    title: "Return for the risk",
    metrics: [
      metric("sharpe_ratio", "Sharpe ratio", "ratio", "higher"),
      metric("sortino_ratio", "Sortino ratio", "ratio", "higher"),
      metric("calmar_ratio", "Calmar ratio", "ratio", "higher"),
      metric("omega_ratio", "Omega ratio", "ratio", "higher"),
      metric("probabilistic_sharpe_ratio", "Probability of Sharpe > 0", "fraction", "higher"),
      metric("alpha_pct", "Alpha a year", "percent", "higher"),
      metric("beta", "Beta", "ratio"),
      metric("information_ratio", "Information ratio", "ratio", "higher"),
    ],
  },
  {
    title: "Trades",
    metrics: [
      metric("total_trades", "Trades", "count"),
      metric("win_rate", "Win rate", "percent", "higher"),
      metric("profit_factor", "Profit factor", "ratio", "higher"),
      metric("payoff_ratio", "Payoff ratio", "ratio", "higher"),
      metric("expectancy", "Expectancy of a trade", "money", "higher"),
      metric("sqn", "System quality number", "ratio", "higher"),
      metric("profit_p_value", "Chance of it by luck (p)", "fraction", "lower"),
      metric("kelly_criterion", "Kelly criterion", "fraction", "higher"),
      metric("avg_r_multiple", "Average R", "ratio", "higher"),
      metric("avg_win", "Average win", "money", "higher"),
      metric("avg_loss", "Average loss", "money", "higher"),
      metric("best_trade_pct", "Best trade", "percent", "higher"),
      metric("worst_trade_pct", "Worst trade", "percent", "higher"),
      metric("avg_trade_duration_hours", "Average time held", "hours"),
      metric("max_consecutive_losses", "Losses in a row", "count", "lower"),
    ],
  },
  {
    title: "Costs",
    metrics: [
      metric("fees_paid", "Fees paid", "money", "lower"),
      metric("slippage_paid", "Slippage paid", "money", "lower"),
      metric("funding_paid", "Funding paid", "money", "lower"),
    ],
  },
];

const known = new Map(GROUPS.flatMap((group) => group.metrics).map((each) => [each.name, each]));

const COUNTS =
  /^(bars|days|gaps|decisions|drawdowns|days_\w+|max_consecutive_\w+|\w*_(trades|fills|bars|decisions|signals|entries)|trades_with_risk)$/;
const MONEY = /^(equity_\w+|largest_\w+|\w*_(pnl|paid|amount|losses)|avg_win|avg_loss)$/;

/** Return what is known of a metric; of others the words and the unit that their name tells. */
export function metricNamed(name: string): Metric {
  const found = known.get(name);
  if (found) return found;
  const words = name.replace(/_(pct|timestamp|hours|ms)$/, "").replaceAll("_", " ");
  return { name, label: words.charAt(0).toUpperCase() + words.slice(1), kind: kindOf(name) };
}

function kindOf(name: string): Kind {
  if (name.endsWith("_pct") || name.endsWith("win_rate")) return "percent";
  if (name.endsWith("_timestamp") || name === "start" || name === "end") return "time";
  if (name.endsWith("_hours")) return "hours";
  if (name.endsWith("_ms")) return "ms";
  if (name.endsWith("_symbol") || name === "best_day" || name === "worst_day") return "text";
  if (/^(max|avg)_\w+_days$/.test(name)) return "days";
  if (name === "r_squared") return "fraction";
  if (MONEY.test(name) && !name.startsWith("max_consecutive")) return "money";
  return COUNTS.test(name) ? "count" : "ratio";
}

/** Write a value of a metric in its unit. */
export function figure({ kind }: Metric, value: unknown): string {
  if (typeof value === "string") return kind === "time" ? utc(value) : value;
  if (typeof value !== "number") return "–";
  switch (kind) {
    case "money":
      return money(value);
    case "percent":
      return percent(value);
    case "fraction":
      return decimal(value, 4);
    case "count":
      return Number.isInteger(value) ? integer(value) : decimal(value);
    case "days":
      return `${decimal(value, value < 10 ? 1 : 0)} d`;
    case "hours":
      return hours(value);
    case "ms":
      return duration(value / 1000);
    default:
      return decimal(value);
  }
}
