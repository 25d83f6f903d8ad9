import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "@/api/errors";
import type { Strategy } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { LinkButton } from "@/components/LinkButton";
import { Loading } from "@/components/Loading";
import { Notice } from "@/components/Notice";
import { PageHead } from "@/components/PageHead";
import { Panel } from "@/components/Panel";
import { Time } from "@/components/Time";
import { DeleteStrategy } from "@/features/strategies/DeleteStrategy";
import { DocumentView } from "@/features/strategies/DocumentView";
import { ParameterTable } from "@/features/strategies/ParameterTable";
import { KIND_WORDS, useStrategy } from "@/features/strategies/queries";
import styles from "@/features/strategies/StrategyPage.module.css";
import { Versions } from "@/features/strategies/Versions";

const route = getRouteApi("/strategies/$strategyId");

/** One strategy: what it is for, its document, its parameters and its versions. */
export function StrategyPage() {
  const { strategyId } = route.useParams();
  const { version } = route.useSearch();
  const strategy = useStrategy(strategyId, version ?? null);
  if (strategy.isPending) {
    return (
      <>
        <PageHead title={strategyId} />
        <Loading height={420} label="Loading the strategy" />
      </>
    );
  }
  if (strategy.isError) {
    return (
      <>
        <PageHead title={strategyId} />
        {strategy.error instanceof ApiError && strategy.error.status === 404 ? (
          <Notice title="There is no such strategy">
            {strategy.error.message}. <Link to="/strategies">All strategies</Link>
          </Notice>
        ) : (
          <ErrorNotice
            error={strategy.error}
            what="The strategy could not be loaded"
            onRetry={() => void strategy.refetch()}
          />
        )}
      </>
    );
  }
  return <Shown strategy={strategy.data} version={version ?? null} />;
}

function Shown({ strategy, version }: { strategy: Strategy; version: number | null }) {
  const navigate = useNavigate();
  const [deleting, setDeleting] = useState(false);
  const id = strategy.strategy_id;
  const own = strategy.kind === "saved";
  return (
    <>
      <PageHead
        title={strategy.name}
        below={
          <>
            <span>{KIND_WORDS[strategy.kind]}</span>
            <code>{id}</code>
            {own && (
              <span>
                version {strategy.version}, saved <Time iso={strategy.updated_at} />
              </span>
            )}
          </>
        }
        actions={
          <>
            <LinkButton
              kind="primary"
              icon="play"
              to="/new"
              search={{ strategy: version === null ? id : `${id}@${version}` }}
            >
              Run it
            </LinkButton>
            {own && (
              <LinkButton icon="edit" to="/strategies/$strategyId/edit" params={{ strategyId: id }}>
                Edit
              </LinkButton>
            )}
            <LinkButton
              icon="copy"
              to="/strategies/new/document"
              search={{ from: version === null ? id : `${id}@${version}` }}
            >
              {own ? "Begin another with it" : "Make it your own"}
            </LinkButton>
            {own && (
              <Button kind="danger" icon="trash" onClick={() => setDeleting(true)}>
                Delete
              </Button>
            )}
          </>
        }
      />
      <div className={styles.page}>
        <div className={styles.main}>
          {strategy.description && <p className={styles.says}>{strategy.description}</p>}
          <Panel title="Document" flush>
            <DocumentView document={strategy.document} name={`${id}${own ? `-${strategy.version}` : ""}`} />
          </Panel>
        </div>
        <div className={styles.side}>
          <Panel title="Parameters" flush>
            <ParameterTable parameters={strategy.parameters} />
          </Panel>
          {own && (
            <Panel title="Versions" flush>
              <Versions strategyId={id} shown={strategy.version} />
            </Panel>
          )}
        </div>
      </div>
      {deleting && (
        <DeleteStrategy
          strategy={strategy}
          onClose={() => setDeleting(false)}
          onGone={() => void navigate({ to: "/strategies" })}
        />
      )}
    </>
  );
}
