import { Panel } from "@/components/Panel";
import { Time } from "@/components/Time";
import styles from "@/features/live/ProvisionalFills.module.css";
import type { Provisional } from "@/features/live/provisional";
import { integer, price, quantity, signedMoney, tone } from "@/format/numbers";

const SHOWN = 12;

/** The newest fills of a run that is under way; they hold once it is completed, and not before. */
export function ProvisionalFills({ of }: { of: Provisional }) {
  if (of.fills.length === 0) return null;
  return (
    <Panel title="Newest fills, provisional">
      <p className="muted">
        {integer(of.count)} so far, as the simulation makes them. They hold once the run is completed.
        {of.lost > 0 && ` A worker was lost; attempt ${of.attempt} began anew.`}
      </p>
      <div className={styles.scroll}>
        <table className={styles.fills}>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Symbol</th>
              <th scope="col">Side</th>
              <th scope="col">Quantity</th>
              <th scope="col">Price</th>
              <th scope="col">P&amp;L</th>
            </tr>
          </thead>
          <tbody>
            {of.fills.slice(0, SHOWN).map((fill) => (
              <tr key={fill.seq}>
                <td>
                  <Time iso={fill.timestamp} />
                </td>
                <td>{fill.symbol}</td>
                <td>{fill.side}</td>
                <td>{quantity(fill.qty)}</td>
                <td>{price(fill.price)}</td>
                <td className={fill.is_entry ? "" : tone(fill.pnl)}>
                  {fill.is_entry ? "" : signedMoney(fill.pnl)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
