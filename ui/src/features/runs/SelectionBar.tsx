import { Button } from "@/components/Button";
import { LinkButton } from "@/components/LinkButton";
import styles from "@/features/runs/SelectionBar.module.css";
import { FEWEST, MOST, type Selection } from "@/features/runs/selection";

/** How many runs are selected, and what can be done with them. */
export function SelectionBar({ selection }: { selection: Selection }) {
  const { ids, full, clear } = selection;
  if (ids.length === 0) return null;
  return (
    <section className={styles.bar} aria-label="Selection">
      <span role="status">
        {ids.length} selected
        {ids.length < FEWEST && <span className="muted"> · one more to compare</span>}
        {full && <span className="muted"> · {MOST} are the most that can be compared</span>}
      </span>
      {ids.length >= FEWEST && (
        <LinkButton to="/compare" search={{ ids: ids.join(",") }} kind="primary">
          Compare
        </LinkButton>
      )}
      <Button kind="quiet" onClick={clear}>
        Clear
      </Button>
    </section>
  );
}
