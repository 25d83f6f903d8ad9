import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { PageHead } from "@/components/PageHead";
import type { Draft } from "@/features/new-run/draft";
import { FormProvider, useForm } from "@/features/new-run/form";
import { RunForm } from "@/features/new-run/RunForm";
import styles from "@/features/new-run/RunForm.module.css";
import { useChosen, useClone, useMarket } from "@/features/new-run/useFill";

const route = getRouteApi("/new");

export function NewRunPage() {
  return (
    <FormProvider>
      <Filled />
    </FormProvider>
  );
}

/** The form, filled once from the address that led here. */
function Filled() {
  const { clone, strategy, dataset } = route.useSearch();
  const navigate = useNavigate();
  const { draft, replace, edit, clear } = useForm();
  const cloned = useClone(clone);
  const chosen = useChosen(strategy);
  const market = useMarket(dataset);
  const [before, setBefore] = useState<Draft | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what arrives is put in once; the draft changes with every key
  useEffect(() => {
    // The address is left as the form's own: a reload must not undo what is changed from now on.
    if (cloned.data) {
      setBefore(draft);
      replace(cloned.data);
      void navigate({ to: "/new", search: {}, replace: true });
    } else if (chosen.data) {
      edit(chosen.data, "strategy");
      void navigate({ to: "/new", search: {}, replace: true });
    } else if (market.data) {
      edit(market.data, "symbols");
      void navigate({ to: "/new", search: {}, replace: true });
    }
  }, [cloned.data, chosen.data, market.data]);

  const waiting = cloned.isLoading || chosen.isLoading || market.isLoading;
  const error = cloned.error ?? chosen.error ?? market.error;
  return (
    <>
      <PageHead
        title="New run"
        below={
          draft.clonedFrom && (
            <span>
              Filled from{" "}
              <Link to="/runs/$runId" params={{ runId: draft.clonedFrom }}>
                {draft.clonedFrom}
              </Link>
            </span>
          )
        }
        actions={
          <>
            {before && (
              <Button
                kind="quiet"
                icon="back"
                onClick={() => {
                  replace(before);
                  setBefore(null);
                }}
              >
                The form as it was
              </Button>
            )}
            <Button
              kind="quiet"
              icon="trash"
              onClick={() => {
                setBefore(draft);
                clear();
              }}
            >
              Empty the form
            </Button>
          </>
        }
      />
      {error && (
        <div className={styles.notice}>
          <ErrorNotice
            error={error}
            what={
              clone
                ? `The run ${clone} could not be cloned`
                : strategy
                  ? `The strategy ${strategy} could not be chosen`
                  : `The dataset ${dataset} could not be chosen`
            }
          />
        </div>
      )}
      {waiting ? <Loading height={420} label="Filling the form" /> : <RunForm />}
    </>
  );
}
