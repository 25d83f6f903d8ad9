import type { Run } from "@/api/types";
import { Button } from "@/components/Button";
import { LinkButton } from "@/components/LinkButton";
import { useRunList } from "@/features/runs/context";
import { isActive, titleOf } from "@/features/runs/listing";
import styles from "@/features/runs/RunTools.module.css";

/** A run in the list: selected for a comparison or not. */
export function RunSelect({ run }: { run: Run }) {
  const { selection } = useRunList();
  const selected = selection.has(run.run_id);
  return (
    <label className={styles.select}>
      <input
        type="checkbox"
        aria-label={`Select ${titleOf(run)} to compare`}
        checked={selected}
        disabled={selection.full && !selected}
        title={selection.full && !selected ? "Six runs are the most that can be compared" : undefined}
        onChange={() => selection.toggle(run.run_id)}
      />
    </label>
  );
}

/** Clone it, stop it while it is under way, delete it afterwards. */
export function RunTools({ run }: { run: Run }) {
  const { cancel, cancelling, askDelete } = useRunList();
  const title = titleOf(run);
  return (
    <div className={styles.tools}>
      <LinkButton
        to="/new"
        search={{ clone: run.run_id }}
        kind="quiet"
        icon="copy"
        aria-label={`Clone ${title}`}
        title="Clone into the form of a new run"
      />
      {isActive(run) ? (
        <Button
          kind="quiet"
          icon="close"
          aria-label={`Cancel ${title}`}
          title="Cancel: it keeps no results"
          busy={cancelling === run.run_id}
          onClick={() => cancel(run)}
        />
      ) : (
        <Button
          kind="quiet"
          icon="trash"
          aria-label={`Delete ${title}`}
          title="Delete, with all results"
          onClick={() => askDelete(run)}
        />
      )}
    </div>
  );
}
