import { lazy, Suspense } from "react";
import { Loading } from "@/components/Loading";
import type { EditorProps } from "@/features/strategies/editor/Editor";
import styles from "@/features/strategies/editor/LazyEditor.module.css";

const Editor = lazy(() =>
  import("@/features/strategies/editor/Editor").then(({ Editor }) => ({ default: Editor })),
);

/** The editor, or where it will be once it is loaded. */
export function LazyEditor({ lines, ...props }: EditorProps & { lines: "few" | "many" | "all" }) {
  return (
    <div className={styles.box} data-lines={lines}>
      <Suspense fallback={<Loading height={lines === "few" ? 240 : 420} label="Loading the editor" />}>
        <Editor {...props} />
      </Suspense>
    </div>
  );
}
