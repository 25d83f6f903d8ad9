import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import type { Run } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Time } from "@/components/Time";
import styles from "@/features/run/Run.module.css";
import { titleOf } from "@/features/runs/listing";
import { signedPercent, tone } from "@/format/numbers";

const LISTED = 50;
const MOST_OTHERS = 5;

/** Choose the other runs of a comparison, of those that are completed. */
export function CompareWith({ run, onClose }: { run: Run; onClose: () => void }) {
  const api = useApi();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<string[]>([]);
  const listed = useQuery({
    queryKey: ["completed-runs", LISTED],
    queryFn: ({ signal }) =>
      data(api.GET("/backtests", { params: { query: { status: "completed", limit: LISTED } }, signal })),
    staleTime: 0,
  });
  const others = listed.data?.backtests.filter((other) => other.run_id !== run.run_id) ?? [];
  return (
    <Dialog
      title={`Compare ${titleOf(run)} with`}
      onClose={onClose}
      actions={
        <Button
          kind="primary"
          disabled={chosen.length === 0}
          onClick={() => navigate({ to: "/compare", search: { ids: [run.run_id, ...chosen].join(",") } })}
        >
          Compare {chosen.length > 0 ? `${chosen.length + 1} runs` : ""}
        </Button>
      }
    >
      {listed.isPending && <Loading height={160} label="Loading the runs" />}
      {listed.isError && <ErrorNotice error={listed.error} what="The runs could not be loaded" />}
      {listed.isSuccess && others.length === 0 && (
        <p className="muted">No other run is completed yet. Clone this one, change something, and run it.</p>
      )}
      <ul className={styles.choices}>
        {others.map((other) => {
          const checked = chosen.includes(other.run_id);
          return (
            <li key={other.run_id}>
              <label>
                <input
                  type="checkbox"
                  checked={checked}
                  disabled={!checked && chosen.length >= MOST_OTHERS}
                  onChange={() =>
                    setChosen(
                      checked ? chosen.filter((id) => id !== other.run_id) : [...chosen, other.run_id],
                    )
                  }
                />
                <span className={styles.choice}>
                  <span>{titleOf(other)}</span>
                  <span className="muted">
                    {other.symbols.join(", ")} · {other.timeframe} · <Time iso={other.created_at} minute />
                  </span>
                </span>
                <span className={`num ${tone(other.equity_return_pct)}`}>
                  {signedPercent(other.equity_return_pct)}
                </span>
              </label>
            </li>
          );
        })}
      </ul>
      {listed.data?.next_cursor && (
        <p className="muted">The {LISTED} newest; older ones are chosen in the list of runs.</p>
      )}
    </Dialog>
  );
}
