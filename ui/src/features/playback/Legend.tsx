import { type Indicator, reading } from "@/features/playback/indicators";
import styles from "@/features/playback/Legend.module.css";
import { iso } from "@/features/playback/pages";
import { atOrBefore, type Bars } from "@/features/playback/windows";
import { price, quantity, signedPercent, tone } from "@/format/numbers";
import { utc } from "@/format/times";

interface Props {
  symbol: string;
  timeframe: string;
  bars: Bars | null;
  indicators: Indicator[];
  /** The bar whose values are told. */
  bar: number | null;
}

/** The figures of one bar, over the chart. */
export function Legend({ symbol, timeframe, bars, indicators, bar }: Props) {
  const index = bars === null || bar === null ? -1 : atOrBefore(bars.times, bar);
  const at = (name: string) => (index < 0 ? undefined : bars?.columns[name]?.[index]);
  const [open, close] = [at("open"), at("close")];
  const change = open && close ? 100 * (close / open - 1) : null;
  return (
    <div className={styles.legend}>
      <div className={styles.line}>
        <strong>{symbol}</strong>
        <span className="muted">{timeframe}</span>
        {bar !== null && index >= 0 && <span className="muted">{utc(iso(bar))}</span>}
        {(["open", "high", "low", "close"] as const).map((name) => (
          <span key={name}>
            <abbr title={name}>{name[0]?.toUpperCase()}</abbr> {price(at(name))}
          </span>
        ))}
        <span className={tone(change)}>{signedPercent(change)}</span>
        <span>
          <abbr title="volume">V</abbr> {quantity(at("volume"))}
        </span>
      </div>
      <div className={styles.line}>
        {indicators.map((indicator) => (
          <span key={indicator.id}>
            <span className="muted">{indicator.label}</span>{" "}
            {indicator.lines.map((line) => (
              <span key={line.column} className={styles.value} style={{ color: `var(--${line.colour})` }}>
                {reading(indicator, at(line.column))}
              </span>
            ))}
          </span>
        ))}
      </div>
    </div>
  );
}
