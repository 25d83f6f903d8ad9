import { useState } from "react";
import { Button } from "@/components/Button";
import type { FieldControl } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Time } from "@/components/Time";
import { canonical, type Held, type HeldSymbol, serving } from "@/features/new-run/held";
import styles from "@/features/new-run/SymbolPicker.module.css";
import { integer } from "@/format/numbers";

interface Props {
  /** Of which candles are held; undefined while nobody knows. */
  symbols: HeldSymbol[] | undefined;
  chosen: string[];
  onChange: (symbols: string[]) => void;
  timeframe: string;
  exchange: string;
  control: FieldControl;
}

/** The symbols with what candles are held of each; one that is not held is typed. */
export function SymbolPicker({ symbols: loaded, chosen, onChange, timeframe, exchange, control }: Props) {
  const [typed, setTyped] = useState("");
  const symbols = loaded ?? [];
  const known = new Map(symbols.map((symbol) => [symbol.symbol, symbol]));
  const wanted = canonical(typed, symbols);
  const shown = symbols.filter((symbol) => symbol.symbol.includes(wanted));
  const add = () => {
    if (wanted && !chosen.includes(wanted)) onChange([...chosen, wanted]);
    setTyped("");
  };
  const toggle = (name: string) =>
    onChange(chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  return (
    <div className={styles.picker}>
      {chosen.length > 0 && (
        <ul className={styles.chosen} aria-label="Chosen symbols">
          {chosen.map((name) => (
            <Chosen
              key={name}
              name={name}
              loaded={loaded !== undefined}
              held={serving(known.get(name), timeframe, exchange)}
              timeframe={timeframe}
              exchange={exchange}
              onRemove={() => toggle(name)}
            />
          ))}
        </ul>
      )}
      <div className={styles.type}>
        <input
          {...control}
          type="text"
          autoComplete="off"
          spellCheck={false}
          placeholder={symbols.length > 0 ? "Search, or type another: SOL-USDT" : "BTC-USDT"}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            add();
          }}
        />
        <Button icon="plus" onClick={add} disabled={!wanted || chosen.includes(wanted)}>
          Add
        </Button>
      </div>
      {shown.length > 0 && (
        <div className={styles.held}>
          <table>
            <thead>
              <tr>
                <th scope="col">Held</th>
                <th scope="col">Candles</th>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col" className="num">
                  Bars
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.flatMap((symbol) =>
                symbol.held.map((held, index) => (
                  <HeldRow
                    key={held.dataset_id}
                    held={held}
                    used={held === serving(symbol, timeframe, exchange)}
                    symbol={index === 0 ? symbol.symbol : null}
                    checked={chosen.includes(symbol.symbol)}
                    onToggle={() => toggle(symbol.symbol)}
                  />
                )),
              )}
            </tbody>
          </table>
        </div>
      )}
    </div>
  );
}

interface RowProps {
  held: Held;
  /** A run of this timeframe and exchange would read these candles. */
  used: boolean;
  /** On the first row of a symbol. */
  symbol: string | null;
  checked: boolean;
  onToggle: () => void;
}

function HeldRow({ held, used, symbol, checked, onToggle }: RowProps) {
  return (
    <tr data-used={used}>
      <td>
        {symbol && (
          <label className={styles.choice}>
            <input type="checkbox" checked={checked} onChange={onToggle} />
            {symbol}
          </label>
        )}
      </td>
      <td>
        {held.exchange} {held.timeframe}
        {held.simulated && <span className={styles.simulated}> simulated</span>}
      </td>
      <td>
        <Time iso={held.start} date />
      </td>
      <td>
        <Time iso={held.end} date />
      </td>
      <td className="num">{integer(held.rows)}</td>
    </tr>
  );
}

interface ChosenProps {
  name: string;
  loaded: boolean;
  held: Held | null;
  timeframe: string;
  exchange: string;
  onRemove: () => void;
}

function Chosen({ name, loaded, held, timeframe, exchange, onRemove }: ChosenProps) {
  return (
    <li className={styles.chip} data-held={held !== null || !loaded}>
      <span>
        {name}
        <span className={styles.source}>
          {!loaded
            ? ""
            : held
              ? held.timeframe === timeframe
                ? ` ${held.exchange} ${held.timeframe}`
                : ` ${timeframe} made of ${held.exchange} ${held.timeframe}`
              : exchange
                ? ` fetched first from ${exchange}`
                : ` no ${timeframe} candles held: name an exchange`}
        </span>
      </span>
      <button type="button" aria-label={`Leave ${name} out`} onClick={onRemove}>
        <Icon name="close" size={12} />
      </button>
    </li>
  );
}
