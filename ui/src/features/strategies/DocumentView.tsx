import { useMemo, useState } from "react";
import { Button } from "@/components/Button";
import { Loading } from "@/components/Loading";
import { Segments } from "@/components/Segments";
import styles from "@/features/strategies/DocumentView.module.css";
import type { Form, Json } from "@/features/strategies/editor/document";
import { LazyEditor } from "@/features/strategies/editor/LazyEditor";
import { useReader } from "@/features/strategies/editor/useDocument";

interface Props {
  document: Json;
  /** Of the file that is downloaded. */
  name: string;
}

/** A document to read, copy and take away. */
export function DocumentView({ document, name }: Props) {
  const [form, setForm] = useState<Form>("yaml");
  const [copied, setCopied] = useState(false);
  const reader = useReader(true);
  const text = useMemo(() => reader?.write(document, form) ?? "", [reader, document, form]);
  if (reader === null) return <Loading height={420} label="Loading the document" />;
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <div className={styles.view}>
      <div className={styles.tools}>
        <Segments
          label="Form of the document"
          options={[
            { value: "yaml", label: "YAML" },
            { value: "json", label: "JSON" },
          ]}
          value={form}
          onChange={setForm}
        />
        <div className={styles.actions}>
          {/* Without a secure origin the browser has no clipboard. */}
          {navigator.clipboard && (
            <Button kind="quiet" icon={copied ? "check" : "copy"} onClick={() => void copy()}>
              <span aria-live="polite">{copied ? "Copied" : "Copy"}</span>
            </Button>
          )}
          <Button kind="quiet" icon="download" onClick={() => download(text, `${name}.${form}`)}>
            Download
          </Button>
        </div>
      </div>
      <LazyEditor label={`Document of the strategy, ${form.toUpperCase()}`} text={text} lines="all" />
    </div>
  );
}

function download(text: string, name: string): void {
  const link = window.document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
