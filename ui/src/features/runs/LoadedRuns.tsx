import { useNavigate } from "@tanstack/react-router";
import type { OnChangeFn, SortingState } from "@tanstack/react-table";
import { useEffect, useMemo, useState } from "react";
import type { Run } from "@/api/types";
import { Button } from "@/components/Button";
import { DataTable } from "@/components/DataTable";
import { Icon } from "@/components/Icon";
import { COLUMNS } from "@/features/runs/columns";
import { useRunList } from "@/features/runs/context";
import { ORDERS, ordered, parseSort, writeSort } from "@/features/runs/listing";
import { RunCards } from "@/features/runs/RunCards";
import styles from "@/features/runs/RunsPage.module.css";
import { integer } from "@/format/numbers";
import { useNarrow } from "@/shell/narrow";

interface Props {
  /** What the search leaves of those that are loaded. */
  runs: Run[];
  loaded: number;
  words: string;
  onWords: (words: string) => void;
  sorting: SortingState;
  onSorting: OnChangeFn<SortingState>;
  /** Whether the server has more, whether they are on their way, and how to ask for them. */
  more: boolean;
  loading: boolean;
  onMore: () => void;
  /** Nothing is to be asked for by itself now. */
  waiting: boolean;
}

const ROW = 52;
const AROUND_TABLE = 216;

/** The runs that are loaded: searched and ordered here, and it says that this is not all there may be. */
export function LoadedRuns(props: Props) {
  const { runs, words, sorting, onSorting, more, onMore, waiting } = props;
  const { selection } = useRunList();
  const navigate = useNavigate();
  const narrow = useNarrow();
  const height = useWindowHeight() - AROUND_TABLE;
  const selected = useMemo(() => Object.fromEntries(selection.ids.map((id) => [id, true])), [selection.ids]);
  // A search that finds little must not load the whole history to fill the view.
  const onNearEnd = more && !waiting && words === "" ? onMore : undefined;
  // With a filter, the server may have looked through many runs and found none yet.
  useEffect(() => {
    if (runs.length === 0) onNearEnd?.();
  }, [runs.length, onNearEnd]);

  return (
    <>
      <LoadedBar {...props} narrow={narrow} />
      {runs.length === 0 ? (
        <div className={styles.none}>
          {words ? "None of the runs that are loaded has these words." : "Looking further back…"}
        </div>
      ) : narrow ? (
        <RunCards runs={ordered(runs, sorting)} onNearEnd={onNearEnd} />
      ) : (
        <DataTable
          label="Runs"
          columns={COLUMNS}
          rows={runs}
          rowId={(run) => run.run_id}
          rowHeight={ROW}
          height={Math.max(300, height)}
          sorting={sorting}
          onSorting={onSorting}
          selection={selected}
          onOpen={(run) => navigate({ to: "/runs/$runId", params: { runId: run.run_id } })}
          {...(onNearEnd ? { onNearEnd } : {})}
          empty={null}
        />
      )}
    </>
  );
}

function LoadedBar(props: Props & { narrow: boolean }) {
  const { runs, loaded, words, onWords, sorting, onSorting, more, loading, onMore, narrow } = props;
  return (
    <div className={styles.bar}>
      <label className={styles.search}>
        <Icon name="search" />
        <input
          type="search"
          aria-label="Search the loaded runs"
          placeholder="Search the loaded runs"
          value={words}
          onChange={(event) => onWords(event.target.value)}
        />
      </label>
      {narrow && (
        <select
          aria-label="Order"
          value={writeSort(sorting) ?? ""}
          onChange={(event) => onSorting(parseSort(event.target.value))}
        >
          <option value="">Newest first</option>
          {Object.entries(ORDERS).map(([id, { label }]) => {
            // Figures from the largest, words from their first letter.
            const value = ["return", "trades", "sharpe"].includes(id) ? `-${id}` : id;
            return (
              <option key={id} value={value}>
                {label}
              </option>
            );
          })}
        </select>
      )}
      <span className={styles.count} role="status">
        {countWords(runs.length, loaded, words !== "", sorting, more)}
      </span>
      {more && (
        <Button busy={loading} onClick={onMore}>
          {loading ? "Loading…" : "Load more"}
        </Button>
      )}
    </div>
  );
}

/** Say what is shown, and of what: nobody shall take the best of fifty for the best of all. */
function countWords(
  shown: number,
  loaded: number,
  searched: boolean,
  sorting: SortingState,
  more: boolean,
): string {
  const order = sorting[0] && ORDERS[sorting[0].id]?.label;
  const runs = loaded === 1 ? "run" : "runs";
  const what = searched
    ? `${integer(shown)} of ${integer(loaded)} loaded ${runs}`
    : `${integer(loaded)} ${runs} loaded`;
  const how = order ? `ordered by ${order}` : "newest first";
  return `${what}, ${how}; ${more ? "the server has more" : "that is all of them"}`;
}

function useWindowHeight(): number {
  const [height, setHeight] = useState(innerHeight);
  useEffect(() => {
    const measure = () => setHeight(innerHeight);
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  return height;
}
