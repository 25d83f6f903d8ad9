import { useId } from "react";
import { Field } from "@/components/Field";
import styles from "@/features/data/Forms.module.css";
import type { FieldErrors } from "@/features/data/fieldErrors";
import { useDatasets } from "@/features/data/queries";
import { TIMEFRAMES } from "@/features/data/timeframes";

/** What names candles or rates; the API reads a symbol in any of the usual spellings. */
export interface Name {
  exchange: string;
  symbol: string;
  kind: "candles" | "funding";
  timeframe: string;
}

export const NAME_FIELDS = ["exchange", "symbol", "kind", "timeframe"] as const;

interface Props {
  name: Name;
  errors: FieldErrors;
  /** Offered besides those that are held from. */
  exchanges: string[];
  onChange: (change: Partial<Name>) => void;
}

export function NameFields({ name, errors, exchanges, onChange }: Props) {
  const id = useId();
  const held = useDatasets().data ?? [];
  const known = new Set([...exchanges, ...held.map((dataset) => dataset.exchange)]);
  const symbols = new Set(held.map((dataset) => dataset.symbol));
  return (
    <div className={styles.fields}>
      <Field label="Exchange" error={errors.exchange}>
        {(control) => (
          <input
            {...control}
            required
            list={`${id}-exchanges`}
            value={name.exchange}
            onChange={(event) => onChange({ exchange: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Symbol"
        error={errors.symbol}
        hint="BTC-USD, BTC/USD or BTCUSD; a perpetual BTC-USDT-PERP"
      >
        {(control) => (
          <input
            {...control}
            required
            list={`${id}-symbols`}
            value={name.symbol}
            onChange={(event) => onChange({ symbol: event.target.value })}
          />
        )}
      </Field>
      <Field label="What" error={errors.kind}>
        {(control) => (
          <select
            {...control}
            value={name.kind}
            onChange={(event) => onChange({ kind: event.target.value as Name["kind"] })}
          >
            <option value="candles">Candles</option>
            <option value="funding">Funding rates</option>
          </select>
        )}
      </Field>
      {name.kind === "candles" && (
        <Field label="Timeframe" error={errors.timeframe}>
          {(control) => (
            <select
              {...control}
              value={name.timeframe}
              onChange={(event) => onChange({ timeframe: event.target.value })}
            >
              {TIMEFRAMES.map((timeframe) => (
                <option key={timeframe}>{timeframe}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Options id={`${id}-exchanges`} values={known} />
      <Options id={`${id}-symbols`} values={symbols} />
    </div>
  );
}

function Options({ id, values }: { id: string; values: Iterable<string> }) {
  return (
    <datalist id={id}>
      {[...values].sort().map((value) => (
        <option key={value} value={value} />
      ))}
    </datalist>
  );
}
