import { useState } from "react";
import { createPortal } from "react-dom";
import { ApiError, type FieldError } from "@/api/errors";
import type { Strategy } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { Field } from "@/components/Field";
import { CommentsNote } from "@/features/strategies/CommentsNote";
import type { Json } from "@/features/strategies/editor/document";
import { KeepFailed } from "@/features/strategies/KeepFailed";
import { useKeep } from "@/features/strategies/queries";
import styles from "@/features/strategies/Strategies.module.css";

interface Props {
  document: Json;
  text: string;
  onClose: () => void;
  onKept: (strategy: Strategy) => void;
}

/** Keep a document as a strategy of one's own. */
export function KeepDialog({ document, text, onClose, onKept }: Props) {
  const [id, setId] = useState("");
  const keep = useKeep((kept) => {
    onClose();
    onKept(kept);
  });
  const atId = fieldsOf(keep.error).find(({ path }) => path === "id")?.message;
  const send = (basedOn: number | null, under = id) => keep.mutate({ document, id: under, basedOn });
  // Outside of whatever form the editor stands in: forms do not nest.
  return createPortal(
    <Dialog
      title="Save as a strategy of your own"
      onClose={onClose}
      actions={
        <Button kind="primary" busy={keep.isPending} onClick={() => send(null)}>
          Save
        </Button>
      }
    >
      <form
        className={styles.stack}
        onSubmit={(event) => {
          event.preventDefault();
          event.stopPropagation();
          send(null);
        }}
      >
        <Field
          label="Id"
          error={atId}
          hint="Small letters, digits, _ and -. Left empty, it is made of the document's name."
        >
          {(control) => (
            <input
              {...control}
              type="text"
              autoComplete="off"
              spellCheck={false}
              value={id}
              placeholder="my_cross"
              onChange={(event) => {
                setId(event.target.value);
                keep.reset();
              }}
            />
          )}
        </Field>
        <CommentsNote text={text} />
        {keep.error !== null && atId === undefined && <KeepFailed error={keep.error} id="" onNext={send} />}
      </form>
    </Dialog>,
    window.document.body,
  );
}

function fieldsOf(error: unknown): FieldError[] {
  return error instanceof ApiError ? error.fields : [];
}
