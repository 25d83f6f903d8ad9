import { useId, useState } from "react";
import { wordsOf } from "@/components/ErrorNotice";
import { Icon } from "@/components/Icon";
import styles from "@/features/strategies/editor/DocumentEditor.module.css";
import { LazyEditor } from "@/features/strategies/editor/LazyEditor";
import type { Schema } from "@/features/strategies/editor/schema";
import type { CheckedDocument } from "@/features/strategies/editor/useDocument";
import { useDocumentSchema } from "@/features/strategies/queries";
import { integer } from "@/format/numbers";

interface Props {
  label: string;
  text: string;
  onChange: (text: string) => void;
  /** Of `text`: see useDocument. */
  checked: CheckedDocument;
  lines: "few" | "many";
}

/** A document to write, with what is wrong with it below: each fault leads to its place. */
export function DocumentEditor({ label, text, onChange, checked, lines }: Props) {
  const id = useId();
  const schema = useDocumentSchema(true);
  const [goTo, setGoTo] = useState<{ offset: number } | null>(null);
  return (
    <div className={styles.editor}>
      <LazyEditor
        label={label}
        text={text}
        onChange={onChange}
        flaws={checked.flaws}
        schema={schema.data as Schema | undefined}
        goTo={goTo}
        describedBy={id}
        invalid={checked.state === "invalid"}
        lines={lines}
      />
      <div id={id} className={styles.state} data-state={checked.state} role="status">
        <State checked={checked} />
      </div>
      {checked.flaws.length > 0 && checked.state !== "empty" && (
        <ul className={styles.flaws} aria-label="What is wrong with the document">
          {checked.flaws.map((flaw) => (
            <li key={`${flaw.from} ${flaw.path} ${flaw.message}`}>
              <button type="button" onClick={() => setGoTo({ offset: flaw.from })}>
                <span className={styles.line}>line {flaw.line}</span>
                <span>
                  {flaw.path && <code>{flaw.path}</code>} {flaw.message}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function State({ checked }: { checked: CheckedDocument }) {
  const count = checked.flaws.length;
  switch (checked.state) {
    case "empty":
      return <>YAML or JSON. Ctrl+Space completes; a document is checked as you write it.</>;
    case "checking":
      return <>Checking…</>;
    case "valid":
      return (
        <>
          <Icon name="check" size={14} /> It can be run; it needs {integer(checked.warmUpBars)} bars of 1 h
          before the start
        </>
      );
    case "invalid":
      return (
        <>
          <Icon name="warning" size={14} /> {count === 1 ? "1 error" : `${count} errors`}
        </>
      );
    case "unchecked":
      return (
        <>
          <Icon name="warning" size={14} /> It could not be checked: {wordsOf(checked.error)}
        </>
      );
  }
}
