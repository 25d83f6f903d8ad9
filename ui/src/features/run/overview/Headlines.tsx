import type { Results } from "@/api/types";
import { Stat, Stats } from "@/components/Stat";
import { figure, metricNamed } from "@/format/metrics";
import { integer, signedMoney, signedPercent, tone } from "@/format/numbers";

/** The figures that one asks first. One that is not defined says why. */
export function Headlines({ results }: { results: Results }) {
  const number = (name: string) => (typeof results[name] === "number" ? (results[name] as number) : null);
  const plain = (name: string, below?: string) => (
    <Stat
      label={metricNamed(name).label}
      value={figure(metricNamed(name), results[name])}
      below={results.undefined[name] ?? below}
      title={results.undefined[name]}
    />
  );
  const signed = (name: string, below?: string) => (
    <Stat
      label={metricNamed(name).label}
      value={signedPercent(number(name))}
      tone={tone(number(name))}
      below={results.undefined[name] ?? below}
    />
  );
  const gained = (number("final_equity") ?? 0) - (number("initial_equity") ?? 0);
  return (
    <Stats>
      {signed("equity_return_pct", signedMoney(gained))}
      {plain("final_equity", `from ${figure(metricNamed("initial_equity"), results.initial_equity)}`)}
      {signed("benchmark_return_pct", "each symbol bought at the start")}
      {signed("cagr_pct")}
      {plain("sharpe_ratio", "a year")}
      {plain("sortino_ratio", "a year")}
      {plain(
        "max_drawdown_pct",
        `longest ${figure(metricNamed("max_drawdown_days"), results.max_drawdown_days)}`,
      )}
      {plain("total_trades", `${integer(number("total_fills"))} fills`)}
      {plain(
        "win_rate",
        `${integer(number("winning_trades"))} won, ${integer(number("losing_trades"))} lost`,
      )}
      {plain("profit_factor", "won ÷ lost")}
      {plain("expectancy", "mean of a trade")}
      {plain("exposure_time_pct", "bars with a position")}
      {plain("fees_paid")}
      {plain("avg_r_multiple")}
    </Stats>
  );
}
