import type { Strategy } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorNotice } from "@/components/ErrorNotice";
import { useDelete } from "@/features/strategies/queries";

interface Props {
  strategy: Strategy;
  onClose: () => void;
  onGone: () => void;
}

export function DeleteStrategy({ strategy, onClose, onGone }: Props) {
  const gone = useDelete(onGone);
  return (
    <Dialog
      title={`Delete ${strategy.name}?`}
      onClose={onClose}
      actions={
        <Button
          kind="danger"
          icon="trash"
          busy={gone.isPending}
          onClick={() => gone.mutate(strategy.strategy_id)}
        >
          Delete
        </Button>
      }
    >
      <p>
        <code>{strategy.strategy_id}</code> leaves the list. Its versions stay readable by their number,
        because runs name them; no run changes.
      </p>
      {gone.error !== null && <ErrorNotice error={gone.error} what="The strategy was not deleted" />}
    </Dialog>
  );
}
