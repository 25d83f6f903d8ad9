import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Strategy } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { PageHead } from "@/components/PageHead";
import { CommentsNote } from "@/features/strategies/CommentsNote";
import { DocumentEditor } from "@/features/strategies/editor/DocumentEditor";
import { DocumentTools } from "@/features/strategies/editor/DocumentTools";
import { useDocument, useReader } from "@/features/strategies/editor/useDocument";
import { KeepFailed } from "@/features/strategies/KeepFailed";
import { useKeep, useStrategy } from "@/features/strategies/queries";
import styles from "@/features/strategies/Strategies.module.css";

const route = getRouteApi("/strategies/$strategyId/edit");

/** The next version of a strategy of one's own. */
export function EditStrategyPage() {
  const { strategyId } = route.useParams();
  const newest = useStrategy(strategyId, null);
  const reader = useReader(true);
  // What is being changed stays what it was, whatever is loaded meanwhile.
  const [begun, setBegun] = useState<Strategy | null>(null);
  if (begun === null && newest.data) setBegun(newest.data);
  if (newest.isError && begun === null) {
    return (
      <>
        <PageHead title={strategyId} />
        <ErrorNotice
          error={newest.error}
          what="The strategy could not be loaded"
          onRetry={() => void newest.refetch()}
        />
      </>
    );
  }
  if (begun === null || reader === null) {
    return (
      <>
        <PageHead title={strategyId} />
        <Loading height={420} label="Loading the strategy" />
      </>
    );
  }
  if (begun.kind !== "saved" || begun.version === null) {
    return (
      <>
        <PageHead title={begun.name} />
        <Notice
          title="A preset stays as it is"
          actions={
            <LinkButton to="/strategies/new/document" search={{ from: strategyId }} icon="copy">
              Make it your own
            </LinkButton>
          }
        />
      </>
    );
  }
  return <Editing strategy={begun} version={begun.version} begun={reader.write(begun.document, "yaml")} />;
}

interface Props {
  strategy: Strategy;
  version: number;
  begun: string;
}

function Editing({ strategy, version, begun }: Props) {
  const navigate = useNavigate();
  const [text, setText] = useState(begun);
  const checked = useDocument(text);
  const id = strategy.strategy_id;
  const keep = useKeep(() => void navigate({ to: "/strategies/$strategyId", params: { strategyId: id } }));
  const save = (basedOn: number) => {
    if (checked.value !== null) keep.mutate({ document: checked.value, id, basedOn });
  };
  return (
    <>
      <PageHead
        title={`Edit ${strategy.name}`}
        below={
          <>
            <code>{id}</code>
            <span>from version {version}; runs of it keep what they ran</span>
          </>
        }
        actions={
          <>
            <LinkButton kind="quiet" to="/strategies/$strategyId" params={{ strategyId: id }}>
              Leave it as it is
            </LinkButton>
            <Button
              kind="primary"
              icon="check"
              busy={keep.isPending}
              disabled={checked.value === null || text === begun}
              onClick={() => save(version)}
            >
              Save as version {version + 1}
            </Button>
          </>
        }
      />
      <div className={styles.stack}>
        {keep.error !== null && <KeepFailed error={keep.error} id={id} onNext={save} />}
        <CommentsNote text={text} />
        <div>
          <DocumentTools text={text} checked={checked} onChange={setText} />
          <DocumentEditor
            label={`Document of ${id}`}
            text={text}
            onChange={setText}
            checked={checked}
            lines="many"
          />
        </div>
      </div>
    </>
  );
}
