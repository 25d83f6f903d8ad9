/** Starting the run that the form describes: once, however often the button is pressed or an answer is lost. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import type { BacktestRequest } from "@/api/types";
import type { Asked } from "@/features/new-run/request";

const KEY = "stepfold.new-run.key";

export function useStart() {
  const api = useApi();
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (asked: Asked) =>
      data(
        api.POST("/backtests", {
          // What is left out has a default, which the generated type does not know.
          body: asked as unknown as BacktestRequest,
          headers: { "Idempotency-Key": keyOf(JSON.stringify(asked)) },
        }),
      ),
    onSuccess: (run) => {
      // The next run of the same form is meant as another one.
      sessionStorage.removeItem(KEY);
      void queries.invalidateQueries({ queryKey: ["runs"] });
      void navigate({ to: "/runs/$runId", params: { runId: run.run_id } });
    },
  });
}

/** Return the key of a request: the same until another one is sent, a reload in between included. */
function keyOf(body: string): string {
  const kept = sessionStorage.getItem(KEY);
  if (kept !== null) {
    const known = JSON.parse(kept) as { key: string; body: string };
    if (known.body === body) return known.key;
  }
  const key = `ui-${[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  sessionStorage.setItem(KEY, JSON.stringify({ key, body }));
  return key;
}
