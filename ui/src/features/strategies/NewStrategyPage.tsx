import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useApi } from "@/api/context";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { PageHead } from "@/components/PageHead";
import { DocumentEditor } from "@/features/strategies/editor/DocumentEditor";
import { DocumentTools } from "@/features/strategies/editor/DocumentTools";
import { useDocument, useReader } from "@/features/strategies/editor/useDocument";
import { KeepDialog } from "@/features/strategies/KeepDialog";
import { strategyQuery } from "@/features/strategies/queries";
import { STARTER } from "@/features/strategies/starter";

const route = getRouteApi("/strategies/new/document");

/** A document to write and keep; it begins as another strategy, or as a small one that can be run. */
export function NewStrategyPage() {
  const { from = "" } = route.useSearch();
  const [id = "", version] = from.split("@");
  const model = useQuery({
    ...strategyQuery(useApi(), id, version ? Number(version) : null),
    enabled: id !== "",
  });
  const reader = useReader(id !== "");
  if (id !== "" && model.isError) {
    return (
      <>
        <PageHead title="New strategy" />
        <ErrorNotice
          error={model.error}
          what={`The strategy ${from} could not be loaded`}
          onRetry={() => void model.refetch()}
        />
      </>
    );
  }
  if (id !== "" && (model.isPending || reader === null)) {
    return (
      <>
        <PageHead title="New strategy" />
        <Loading height={420} label="Loading the strategy" />
      </>
    );
  }
  const begun = model.data && reader ? reader.write(model.data.document, "yaml") : STARTER;
  return <Writing key={from} begun={begun} />;
}

function Writing({ begun }: { begun: string }) {
  const navigate = useNavigate();
  const [text, setText] = useState(begun);
  const [keeping, setKeeping] = useState(false);
  const checked = useDocument(text);
  return (
    <>
      <PageHead
        title="New strategy"
        actions={
          <Button
            kind="primary"
            icon="check"
            disabled={checked.value === null}
            onClick={() => setKeeping(true)}
          >
            Save…
          </Button>
        }
      />
      <DocumentTools text={text} checked={checked} onChange={setText} />
      <DocumentEditor
        label="Strategy document"
        text={text}
        onChange={setText}
        checked={checked}
        lines="many"
      />
      {keeping && checked.value !== null && (
        <KeepDialog
          document={checked.value}
          text={text}
          onClose={() => setKeeping(false)}
          onKept={(kept) =>
            void navigate({ to: "/strategies/$strategyId", params: { strategyId: kept.strategy_id } })
          }
        />
      )}
    </>
  );
}
