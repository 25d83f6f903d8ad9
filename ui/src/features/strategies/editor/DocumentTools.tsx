import styles from "@/features/strategies/editor/DocumentEditor.module.css";
import { FormSwitch } from "@/features/strategies/editor/FormSwitch";
import { OpenFile } from "@/features/strategies/editor/OpenFile";
import type { CheckedDocument } from "@/features/strategies/editor/useDocument";

interface Props {
  text: string;
  checked: CheckedDocument;
  onChange: (text: string) => void;
}

/** Above an editor: the document's form, and a file in its place. */
export function DocumentTools({ text, checked, onChange }: Props) {
  return (
    <div className={styles.tools}>
      <FormSwitch text={text} value={checked.value} onChange={onChange} />
      <OpenFile onText={onChange} />
    </div>
  );
}
