import { Link } from "@tanstack/react-router";
import type { Run } from "@/api/types";
import { ErrorNotice, wordsOf } from "@/components/ErrorNotice";
import styles from "@/features/run/Run.module.css";
import { useLabel } from "@/features/runs/actions";
import { Editable } from "@/features/runs/Editable";
import { parseTags, titleOf } from "@/features/runs/listing";

/** The run's name, edited where it stands. */
export function RunName({ run }: { run: Run }) {
  const label = useLabel();
  const title = titleOf(run);
  return (
    <span className={styles.name}>
      <Editable
        label={`Name of ${title}`}
        value={run.name ?? ""}
        maxLength={120}
        shown={label.isPending ? (label.variables.labels.name ?? run.strategy) : title}
        onSave={(text) => label.mutate({ run, labels: { name: text || null } })}
      />
      {label.isError && <span className={styles.refused}>{wordsOf(label.error)}</span>}
    </span>
  );
}

/** Tags and notes, edited where they stand. */
export function RunLabels({ run }: { run: Run }) {
  const label = useLabel();
  const title = titleOf(run);
  return (
    <div className={styles.labels}>
      <Editable
        label={`Tags of ${title}`}
        value={run.tags.join(", ")}
        maxLength={400}
        words="tags"
        shown={run.tags.map((tag) => (
          <Link key={tag} to="/runs" search={{ tag }} className={styles.tag} title={`Runs tagged ${tag}`}>
            {tag}
          </Link>
        ))}
        onSave={(text) => label.mutate({ run, labels: { tags: parseTags(text) } })}
      />
      <Editable
        label={`Notes of ${title}`}
        value={run.notes ?? ""}
        maxLength={10_000}
        words="notes"
        shown={run.notes && <span className={styles.notes}>{run.notes}</span>}
        onSave={(text) => label.mutate({ run, labels: { notes: text || null } })}
      />
      <code className={styles.id}>{run.run_id}</code>
      {label.isError && (
        <ErrorNotice error={label.error} what="That was not kept" onDismiss={() => label.reset()} />
      )}
    </div>
  );
}
