import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "@/api/context";
import { ApiError } from "@/api/errors";
import type { Dataset } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Notice } from "@/components/Notice";
import { forgetDatasets, ofDataset } from "@/features/data/queries";
import { integer } from "@/format/numbers";
import { utcDate } from "@/format/times";

interface Props {
  dataset: Dataset;
  onClose: () => void;
  /** Leaves the page of the dataset. */
  onDeleted: () => Promise<void>;
}

/** Ask before a dataset goes; one that runs use stays, and they are named. */
export function DeleteDialog({ dataset, onClose, onDeleted }: Props) {
  const api = useApi();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () =>
      api.DELETE("/datasets/{dataset_id}", { params: { path: { dataset_id: dataset.dataset_id } } }),
    // What is gone is not asked for again, nor is it an error what was being asked of it.
    onMutate: () => queries.cancelQueries({ queryKey: ofDataset(dataset.dataset_id) }),
    onError: () => queries.invalidateQueries({ queryKey: ofDataset(dataset.dataset_id) }),
    onSuccess: async () => {
      await onDeleted();
      queries.removeQueries({ queryKey: ofDataset(dataset.dataset_id) });
      await forgetDatasets(queries);
    },
  });
  const used = remove.error instanceof ApiError ? remove.error.problem.run_ids : undefined;
  return (
    <Dialog
      title={`Delete ${dataset.dataset_id}?`}
      onClose={onClose}
      actions={
        <Button
          kind="danger"
          icon="trash"
          busy={remove.isPending}
          disabled={used !== undefined}
          onClick={() => remove.mutate()}
        >
          Delete
        </Button>
      }
    >
      {used ? (
        <Notice kind="error" title="It stays: backtests use it">
          {used.length > 0 ? "Delete these first, or keep the candles:" : remove.error?.message}
          <ul>
            {used.map((runId) => (
              <li key={runId}>
                <Link to="/runs/$runId" params={{ runId }}>
                  {runId}
                </Link>
              </li>
            ))}
          </ul>
        </Notice>
      ) : remove.error ? (
        <ErrorNotice error={remove.error} what="It could not be deleted" />
      ) : (
        <p>
          {integer(dataset.rows)} {dataset.kind === "funding" ? "rates" : "bars"} from{" "}
          {utcDate(dataset.start)} to {utcDate(dataset.end)} go, with all versions
          {dataset.public && "; they are everybody's on this stage"}. This cannot be undone. A dataset that
          backtests use stays.
        </p>
      )}
    </Dialog>
  );
}
