import { Link } from "@tanstack/react-router";
import type { Run } from "@/api/types";
import { useRunList } from "@/features/runs/context";
import { Editable } from "@/features/runs/Editable";
import { parseTags, titleOf } from "@/features/runs/listing";
import styles from "@/features/runs/RunTitle.module.css";

/** Name, tags and notes of a run, edited where they stand. */
export function RunTitle({ run }: { run: Run }) {
  const { label } = useRunList();
  const title = titleOf(run);
  return (
    <div className={styles.both}>
      <div className={styles.line}>
        <Editable
          label={`Name of ${title}`}
          value={run.name ?? ""}
          maxLength={120}
          shown={
            <Link
              to="/runs/$runId"
              params={{ runId: run.run_id }}
              className={styles.name}
              data-named={run.name !== null}
              title={title}
            >
              {title}
            </Link>
          }
          onSave={(text) => label(run, { name: text || null })}
        />
      </div>
      <div className={`${styles.line} ${styles.small}`}>
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
          onSave={(text) => label(run, { tags: parseTags(text) })}
        />
        <Editable
          label={`Notes of ${title}`}
          value={run.notes ?? ""}
          maxLength={10_000}
          words="note"
          shown={
            run.notes && (
              <span className={styles.notes} title={run.notes}>
                {run.notes}
              </span>
            )
          }
          onSave={(text) => label(run, { notes: text || null })}
        />
      </div>
    </div>
  );
}
