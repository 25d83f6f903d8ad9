/** What can be done to a run from the list. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import type { Run } from "@/api/types";
import { changeListed } from "@/features/runs/runs";

/** Name, tags or notes; what is not in it stays, null removes. */
export type Labels = Partial<Pick<Run, "name" | "notes" | "tags">>;

export function useLabel() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ run, labels }: { run: Run; labels: Labels }) =>
      data(api.PATCH("/backtests/{run_id}", { params: { path: { run_id: run.run_id } }, body: labels })),
    // Shown at once; a refusal puts back what was there.
    onMutate: async ({ run, labels }) => {
      await queries.cancelQueries({ queryKey: ["runs"] });
      changeListed(queries, run.run_id, (listed) => ({ ...listed, ...labels }));
    },
    onError: (_error, { run, labels }) => {
      changeListed(queries, run.run_id, (listed) => ({ ...listed, ...taken(run, labels) }));
    },
    // Of the answer only what this changed: the next change may be shown already.
    onSuccess: (answer, { run, labels }) => {
      const changed = taken(answer, labels);
      changeListed(queries, run.run_id, (listed) => ({ ...listed, ...changed }));
      queries.setQueryData<Run>(["run", run.run_id], (held) => held && { ...held, ...changed });
    },
  });
}

function taken(run: Run, labels: Labels): Labels {
  return Object.fromEntries(Object.keys(labels).map((key) => [key, run[key as keyof Labels]]));
}

export function useCancel() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (run: Run) =>
      data(api.POST("/backtests/{run_id}/cancel", { params: { path: { run_id: run.run_id } } })),
    onSuccess: (answer) => {
      changeListed(queries, answer.run_id, () => answer);
      queries.setQueryData(["run", answer.run_id], answer);
    },
    // It may have ended by itself meanwhile: show what it is.
    onError: () => queries.invalidateQueries({ queryKey: ["runs"] }),
  });
}

export function useDelete(onDeleted: (run: Run) => void) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (run: Run) => api.DELETE("/backtests/{run_id}", { params: { path: { run_id: run.run_id } } }),
    onSuccess: (_answer, run) => {
      changeListed(queries, run.run_id, () => null);
      queries.removeQueries({ queryKey: ["run", run.run_id] });
      onDeleted(run);
    },
  });
}
