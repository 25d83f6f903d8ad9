import { keepPreviousData, type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { type Api, data } from "@/api/client";
import { useApi } from "@/api/context";
import type { State } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import { Time } from "@/components/Time";
import { iso } from "@/features/playback/pages";
import styles from "@/features/playback/StatePanel.module.css";
import { money, percent, price, quantity, signedMoney, signedPercent, tone } from "@/format/numbers";

interface Props {
  runId: string;
  time: number;
  /** Asked for now, because it is shown next. */
  ahead: number | null;
}

function stateQuery(api: Api, runId: string, time: number) {
  return {
    queryKey: ["playback", runId, "state", time],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      data(
        api.GET("/backtests/{run_id}/playback/state/{timestamp}", {
          params: { path: { run_id: runId, timestamp: iso(time) } },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  };
}

function prefetch(queries: QueryClient, api: Api, runId: string, time: number): void {
  void queries.prefetchQuery(stateQuery(api, runId, time));
}

/** The account at the cursor: after the fills at its bar, marked at the bar's close. */
export function StatePanel({ runId, time, ahead }: Props) {
  const api = useApi();
  const queries = useQueryClient();
  const state = useQuery({ ...stateQuery(api, runId, time), placeholderData: keepPreviousData });
  useEffect(() => {
    if (ahead !== null) prefetch(queries, api, runId, ahead);
  }, [queries, api, runId, ahead]);
  const shown = state.data;
  return (
    <Panel title="Account" actions={shown?.bar && <Time iso={shown.bar} />}>
      {state.isError && (
        <ErrorNotice
          error={state.error}
          what="The account could not be loaded"
          onRetry={() => void state.refetch()}
        />
      )}
      {!state.isError && !shown && <Loading height={150} label="Loading the account" />}
      {!state.isError && shown && <Account state={shown} />}
    </Panel>
  );
}

function Account({ state }: { state: State }) {
  const figures: [string, string, string][] = [
    ["Equity", money(state.equity), ""],
    ["Return", signedPercent(state.return_pct), tone(state.return_pct)],
    ["Cash", money(state.cash), ""],
    ["Realised P&L", signedMoney(state.realised_pnl), tone(state.realised_pnl)],
    ["Unrealised P&L", signedMoney(state.unrealised_pnl), tone(state.unrealised_pnl)],
    ["Exposure", percent(100 * state.exposure, 1), ""],
    ["Drawdown", percent(100 * state.drawdown, 2), ""],
  ];
  return (
    <>
      <dl className={styles.figures}>
        {figures.map(([label, value, look]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className={`num ${look}`}>{value}</dd>
          </div>
        ))}
      </dl>
      <Positions state={state} />
    </>
  );
}

function Positions({ state }: { state: State }) {
  if (state.positions.length === 0 && state.pending_allocations.length === 0) {
    return <p className={styles.flat}>No open position</p>;
  }
  return (
    <div className={styles.positions}>
      {state.positions.map((position) => (
        <dl key={position.symbol} className={styles.position}>
          <div className={styles.head}>
            <dt>
              {position.symbol} {position.qty < 0 ? "short" : "long"}
            </dt>
            <dd className="num">{quantity(position.qty)}</dd>
          </div>
          <Level label="Average cost" value={position.average_cost} />
          <Level label="Stop" value={position.stop_price} />
          <Level label="Target" value={position.target_price} />
          <Level label="Liquidation" value={position.liquidation_price} />
        </dl>
      ))}
      {state.pending_allocations.map((pending) => (
        <p key={pending.symbol} className={styles.flat}>
          {pending.symbol}: {money(pending.value)} wait for its first bar
        </p>
      ))}
    </div>
  );
}

function Level({ label, value }: { label: string; value: number | null }) {
  if (value === null) return null;
  return (
    <div>
      <dt>{label}</dt>
      <dd className="num">{price(value)}</dd>
    </div>
  );
}
