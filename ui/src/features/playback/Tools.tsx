import type { Run } from "@/api/types";
import { CheckMenu } from "@/features/playback/CheckMenu";
import type { Indicator } from "@/features/playback/indicators";
import styles from "@/features/playback/Playback.module.css";
import { Segments } from "@/features/playback/Segments";
import type { Address } from "@/features/playback/useAddress";

interface Props {
  run: Run;
  symbol: string;
  address: Address;
  indicators: Indicator[];
  shown: Indicator[];
  onIndicators: (ids: string[]) => void;
}

/** What is looked at, and how it is stepped through. */
export function Tools({ run, symbol, address, indicators, shown, onIndicators }: Props) {
  return (
    <>
      {run.symbols.length > 1 && (
        <select
          className={styles.symbol}
          aria-label="Symbol"
          value={symbol}
          onChange={(event) => address.choose({ symbol: event.target.value })}
        >
          {run.symbols.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      )}
      <Segments
        label="Step by"
        options={[
          { value: "candles", label: "Candles" },
          { value: "events", label: "Events" },
        ]}
        value={address.mode}
        onChange={(mode) => address.choose({ mode })}
      />
      <CheckMenu
        label="Indicators"
        summary="Indicators"
        options={indicators.map((one) => ({
          id: one.id,
          label: one.place === "price" ? one.label : `${one.label} (below)`,
          group: one.isOwn ? "Of the strategy" : "Of every run",
          colour: one.lines.at(-1)?.colour ?? "benchmark",
        }))}
        chosen={shown.map((one) => one.id)}
        onChange={onIndicators}
      />
    </>
  );
}
