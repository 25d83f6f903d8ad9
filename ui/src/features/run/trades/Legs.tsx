import { Link } from "@tanstack/react-router";
import type { TradeSet } from "@/api/types";
import { Time } from "@/components/Time";
import { pnl, words } from "@/features/run/trades/cells";
import styles from "@/features/run/trades/TradeSets.module.css";
import { money, percent, price, quantity } from "@/format/numbers";

const LINE = 24;
const AROUND = 14;
const MOST_LINES = 12;

/** How high the legs stand; longer sets scroll inside. */
export function legsHeight(set: TradeSet): number {
  return Math.min(set.legs.length + 1, MOST_LINES) * LINE + AROUND;
}

/** The fills of a set, each with what it did to the position. */
export function Legs({ runId, set }: { runId: string; set: TradeSet }) {
  return (
    <div className={styles.legs}>
      <table aria-label={`Legs of set ${set.set_id}`}>
        <thead>
          <tr>
            <th scope="col">Leg</th>
            <th scope="col">Time</th>
            <th scope="col">Side</th>
            <th scope="col" className="num">
              Quantity
            </th>
            <th scope="col" className="num">
              Price
            </th>
            <th scope="col" className="num">
              P&L
            </th>
            <th scope="col" className="num">
              Fee
            </th>
            <th scope="col">Reason</th>
            <th scope="col">Trigger</th>
            <th scope="col">Category</th>
            <th scope="col" className="num">
              Closed
            </th>
            <th scope="col" className="num">
              Average cost
            </th>
            <th scope="col" className="num">
              Position after
            </th>
          </tr>
        </thead>
        <tbody>
          {set.legs.map((leg) => (
            <tr key={leg.leg_id}>
              <td>
                {leg.leg_id} {leg.is_entry ? "entry" : "exit"}
              </td>
              <td>
                <Link
                  to="/runs/$runId/playback"
                  params={{ runId }}
                  search={{ symbol: set.symbol, at: leg.timestamp }}
                >
                  <Time iso={leg.timestamp} />
                </Link>
              </td>
              <td>{leg.side}</td>
              <td className="num">{quantity(leg.qty)}</td>
              <td className="num">{price(leg.price)}</td>
              <td className="num">{leg.is_entry ? "–" : pnl(leg.realised_pnl)}</td>
              <td className="num">{money(leg.fees)}</td>
              <td>{words(leg.reason)}</td>
              <td>{leg.trigger_id ?? "–"}</td>
              <td>{words(leg.category)}</td>
              <td className="num">
                {percent(leg.exit_fraction === null ? null : 100 * leg.exit_fraction, 0)}
              </td>
              <td className="num">{price(leg.average_cost_at_fill)}</td>
              <td className="num">{quantity(leg.position_after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
