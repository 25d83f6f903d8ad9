import type { Run } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorNotice } from "@/components/ErrorNotice";
import { useDelete } from "@/features/runs/actions";
import { titleOf } from "@/features/runs/listing";

interface Props {
  run: Run;
  onDeleted: (run: Run) => void;
  onClose: () => void;
}

/** The question before a run goes. */
export function DeleteRun({ run, onDeleted, onClose }: Props) {
  const remove = useDelete((gone) => {
    onDeleted(gone);
    onClose();
  });
  return (
    <Dialog
      title={`Delete ${titleOf(run)}?`}
      onClose={onClose}
      actions={
        <Button kind="danger" icon="trash" busy={remove.isPending} onClick={() => remove.mutate(run)}>
          Delete it
        </Button>
      }
    >
      <p>
        The run <code>{run.run_id}</code> goes with all its results. It cannot be brought back; the same
        request gives the same results again.
      </p>
      {remove.isError && <ErrorNotice error={remove.error} what="It could not be deleted" />}
    </Dialog>
  );
}
