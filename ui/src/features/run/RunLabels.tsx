import { Link } from "@tanstack/react-router";
import type { Run } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import styles from "@/features/run/Run.module.css";
import { useLabel } from "@/features/runs/actions";
import { Editable } from "@/features/runs/Editable";
import { parseTags, titleOf } from "@/features/runs/listing";

/** Name, tags and notes, edited where they stand. */
export function RunLabels({ run }: { run: Run }) {
  const label = useLabel();
  const title = titleOf(run);
  return (
    <div className={styles.labels}>
      <Editable
        label={`Name of ${title}`}
        value={run.name ?? ""}
        maxLength={120}
        words={run.name ? "rename" : "name"}
        onSave={(text) => label.mutate({ run, labels: { name: text || null } })}
      />
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
        words="note"
        shown={run.notes && <span className={styles.notes}>{run.notes}</span>}
        onSave={(text) => label.mutate({ run, labels: { notes: text || null } })}
      />
      {label.isError && (
        <ErrorNotice error={label.error} what="That was not kept" onDismiss={() => label.reset()} />
      )}
    </div>
  );
}
