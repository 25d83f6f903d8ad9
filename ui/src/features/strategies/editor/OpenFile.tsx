import { useRef } from "react";
import { Button } from "@/components/Button";

/** Read a document from a file of this machine. */
export function OpenFile({ onText }: { onText: (text: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button icon="document" onClick={() => input.current?.click()}>
        Open a file
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept=".yaml,.yml,.json"
        aria-label="File with a strategy's document"
        onChange={async (event) => {
          const [file] = event.target.files ?? [];
          // Chosen again, the same file is read again.
          event.target.value = "";
          if (file) onText(await file.text());
        }}
      />
    </>
  );
}
