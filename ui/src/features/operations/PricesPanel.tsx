import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Field } from "@/components/Field";
import { Panel } from "@/components/Panel";
import { Time } from "@/components/Time";
import { fieldsOf, placed } from "@/features/data/fieldErrors";
import { useDatasets } from "@/features/data/queries";
import styles from "@/features/operations/Prices.module.css";
import { price } from "@/format/numbers";

// The most that the API answers at once.
const MOST_SYMBOLS = 20;

/** Latest prices of what is held, asked of the exchange when somebody wants them. */
export function PricesPanel() {
  const api = useApi();
  const held = (useDatasets().data ?? []).filter(
    (dataset) => !dataset.simulated && dataset.kind === "candles",
  );
  const exchanges = [...new Set(held.map((dataset) => dataset.exchange))].sort();
  const [chosen, setChosen] = useState<string | null>(null);
  const exchange = chosen ?? exchanges[0];
  const [typed, setTyped] = useState<string | null>(null);
  const own = held.filter((dataset) => dataset.exchange === exchange).map((dataset) => dataset.symbol);
  const symbols = typed ?? [...new Set(own)].slice(0, MOST_SYMBOLS).join(", ");
  const asked = useQuery({
    queryKey: ["ticks", exchange, symbols],
    queryFn: async ({ signal }) => {
      const query = { symbols, exchange: exchange ?? null };
      return (await data(api.GET("/market/ticks", { params: { query }, signal }))).ticks;
    },
    enabled: false,
    retry: false,
  });
  const [at] = placed(fieldsOf(asked.error), ["symbols", "symbol", "exchange"]);
  const wrong = at.symbols ?? at.symbol;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void asked.refetch();
  };
  if (exchange === undefined) return null;
  return (
    <Panel title="Latest prices">
      <form className={styles.form} onSubmit={submit}>
        <Field label="Exchange" error={at.exchange}>
          {(control) => (
            <select
              {...control}
              value={exchange}
              onChange={(event) => {
                setChosen(event.target.value);
                setTyped(null);
              }}
            >
              {exchanges.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Symbols" error={wrong}>
          {(control) => (
            <input {...control} value={symbols} onChange={(event) => setTyped(event.target.value)} />
          )}
        </Field>
        <Button type="submit" icon="refresh" busy={asked.isFetching}>
          Ask
        </Button>
      </form>
      {asked.error && !wrong && !at.exchange && (
        <ErrorNotice error={asked.error} what="The prices could not be had" />
      )}
      {asked.data && !asked.error && (
        <>
          <table className={styles.prices}>
            <thead>
              <tr>
                <th scope="col">Symbol</th>
                <th scope="col" className="num">
                  Price
                </th>
                <th scope="col" className="num">
                  Bid
                </th>
                <th scope="col" className="num">
                  Ask
                </th>
              </tr>
            </thead>
            <tbody>
              {asked.data.map((tick) => (
                <tr key={tick.symbol}>
                  <th scope="row">{tick.symbol}</th>
                  <td className="num">{price(tick.price)}</td>
                  <td className="num">{price(tick.bid)}</td>
                  <td className="num">{price(tick.ask)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className={styles.asked}>
            Asked at <Time iso={asked.data[0]?.timestamp} /> UTC
          </p>
        </>
      )}
    </Panel>
  );
}
