import { useState } from "react";
import { Button } from "@/components/Button";
import { useForm } from "@/features/new-run/form";
import styles from "@/features/new-run/parts.module.css";
import { DocumentEditor } from "@/features/strategies/editor/DocumentEditor";
import { FormSwitch } from "@/features/strategies/editor/FormSwitch";
import { OpenFile } from "@/features/strategies/editor/OpenFile";
import type { CheckedDocument } from "@/features/strategies/editor/useDocument";
import { KeepDialog } from "@/features/strategies/KeepDialog";
import { STARTER } from "@/features/strategies/starter";

/** A strategy's document to paste, write, open from a file and keep. */
export function DocumentPart({ checked }: { checked: CheckedDocument }) {
  const { draft, edit, errors } = useForm();
  const [keeping, setKeeping] = useState(false);
  const write = (document: string) => edit({ document }, "strategy");
  const error = errors.get("strategy");
  return (
    <div className={styles.stack} data-path="strategy">
      <div className={styles.between}>
        {draft.document.trim() ? (
          <FormSwitch text={draft.document} value={checked.value} onChange={write} />
        ) : (
          <Button icon="edit" onClick={() => write(STARTER)}>
            Begin with an example
          </Button>
        )}
        <div className={styles.links}>
          <OpenFile onText={write} />
          <Button icon="check" disabled={checked.value === null} onClick={() => setKeeping(true)}>
            Save as your own
          </Button>
        </div>
      </div>
      <DocumentEditor
        label="Strategy document"
        text={draft.document}
        onChange={write}
        checked={checked}
        lines="few"
      />
      {error && <div className={styles.error}>{error}</div>}
      {keeping && checked.value !== null && (
        <KeepDialog
          document={checked.value}
          text={draft.document}
          onClose={() => setKeeping(false)}
          onKept={(kept) =>
            edit({ source: "own", savedId: kept.strategy_id, savedVersion: kept.version }, "strategy")
          }
        />
      )}
    </div>
  );
}
