import { exchanges } from "virtual:request-schemas";
import { Link } from "@tanstack/react-router";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { Panel } from "@/components/Panel";
import { TIMEFRAMES } from "@/features/new-run/draft";
import { Entry } from "@/features/new-run/Entry";
import { useForm } from "@/features/new-run/form";
import styles from "@/features/new-run/parts.module.css";
import { useHeldSymbols } from "@/features/new-run/queries";
import { SymbolPicker } from "@/features/new-run/SymbolPicker";

/** Which candles: symbols, the length of a bar, and of which exchange. */
export function MarketPart() {
  const { draft, edit } = useForm();
  const symbols = useHeldSymbols();
  const held = symbols.data ?? [];
  const from = new Set(held.flatMap((symbol) => symbol.held.map((one) => one.exchange)));
  const others = [...new Set([...exchanges, draft.exchange])].filter((name) => name && !from.has(name));
  return (
    <Panel title="Market">
      <div className={styles.stack}>
        <div className={styles.grid}>
          <Entry path="timeframe" label="Timeframe" hint="Made of finer candles where these are held.">
            {(control) => (
              <select
                {...control}
                value={draft.timeframe}
                onChange={(event) => edit({ timeframe: event.target.value }, "timeframe")}
              >
                {TIMEFRAMES.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            )}
          </Entry>
          <Entry
            path="exchange"
            label="Exchange"
            hint="Named, candles that are not held are fetched from it first."
          >
            {(control) => (
              <select
                {...control}
                value={draft.exchange}
                onChange={(event) => edit({ exchange: event.target.value }, "exchange")}
              >
                <option value="">Where candles are held</option>
                <optgroup label="Candles are held">
                  {[...from].map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </optgroup>
                <optgroup label="Candles are fetched">
                  {others.map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </optgroup>
              </select>
            )}
          </Entry>
        </div>
        <Entry path="symbols" label="Symbols">
          {(control) => (
            <SymbolPicker
              control={control}
              symbols={symbols.data}
              chosen={draft.symbols}
              onChange={(chosen) => edit({ symbols: chosen }, "symbols")}
              timeframe={draft.timeframe}
              exchange={draft.exchange}
            />
          )}
        </Entry>
        {symbols.isPending && <Loading height={60} label="Loading the symbols" />}
        {symbols.isError && (
          <ErrorNotice
            error={symbols.error}
            what="What candles are held could not be loaded"
            onRetry={() => void symbols.refetch()}
          />
        )}
        {symbols.data?.length === 0 && (
          <Notice title="No candles are held yet">
            Name an exchange and type a symbol: the run fetches its candles first. Or bring in a file under{" "}
            <Link to="/data">Data</Link>.
          </Notice>
        )}
      </div>
    </Panel>
  );
}
