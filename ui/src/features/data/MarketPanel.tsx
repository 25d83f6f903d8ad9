import type { DatasetDetail } from "@/api/types";
import { Panel } from "@/components/Panel";
import { Time } from "@/components/Time";
import styles from "@/features/data/DatasetPage.module.css";
import { decimal, quantity } from "@/format/numbers";
import { hours } from "@/format/times";

/** What the exchange says of the market; of rates, how often they come. */
export function MarketPanel({ dataset }: { dataset: DatasetDetail }) {
  const { market, every_hours } = dataset;
  if (dataset.kind === "funding") {
    return (
      <Panel title="Rates">
        <p>
          One every {hours(every_hours)}, as is usual between the last ones. A run with stored rates pays
          those of each symbol, or of its perpetual, and must be covered by them without a gap.
        </p>
      </Panel>
    );
  }
  if (market === null) {
    return (
      <Panel title="Market">
        <p className="muted">
          Fees, steps and listing come with candles that are fetched; of imported ones and made ones they are
          not known. A run says its own costs.
        </p>
      </Panel>
    );
  }
  const bps = (value: number | null) => (value === null ? "–" : `${decimal(value, 1)} bps`);
  const quote = dataset.symbol.split("-")[1];
  return (
    <Panel title="Market">
      <table className={styles.facts}>
        <tbody>
          <tr>
            <th scope="row">
              Trades since <small>as published, else the first daily candle</small>
            </th>
            <td>
              <Time iso={market.listed} date />
            </td>
          </tr>
          <Fact name="Taker fee" what="a run's default" value={bps(market.taker_fee_bps)} />
          <Fact name="Maker fee" what="a run's default" value={bps(market.maker_fee_bps)} />
          <Fact name="Price step" what={`in ${quote}`} value={quantity(market.price_step)} />
          <Fact
            name="Quantity step"
            what="quantities round down to it"
            value={quantity(market.quantity_step)}
          />
          <Fact name="Smallest order" what={`in ${quote}`} value={quantity(market.min_notional)} />
        </tbody>
      </table>
    </Panel>
  );
}

function Fact({ name, what, value }: { name: string; what: string; value: string }) {
  return (
    <tr>
      <th scope="row">
        {name} <small>{what}</small>
      </th>
      <td>{value}</td>
    </tr>
  );
}
