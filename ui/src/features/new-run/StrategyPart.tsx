import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "@/api/context";
import type { Strategy, StrategySummary } from "@/api/types";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import { Segments } from "@/components/Segments";
import { DocumentPart } from "@/features/new-run/DocumentPart";
import type { Source } from "@/features/new-run/draft";
import { Entry } from "@/features/new-run/Entry";
import { useForm } from "@/features/new-run/form";
import { ParameterFields } from "@/features/new-run/ParameterFields";
import styles from "@/features/new-run/parts.module.css";
import type { CheckedDocument } from "@/features/strategies/editor/useDocument";
import type { Declared } from "@/features/strategies/parameters";
import { strategyQuery, useStrategies, useStrategyVersions } from "@/features/strategies/queries";
import { utc } from "@/format/times";

const SOURCES: { value: Source; label: string }[] = [
  { value: "preset", label: "Preset" },
  { value: "own", label: "Your own" },
  { value: "document", label: "Document" },
];

interface Props {
  /** The chosen strategy, once it is there. */
  strategy: Strategy | undefined;
  /** Why it is not. */
  error: unknown;
  checked: CheckedDocument;
  declared: Record<string, Declared>;
}

/** Which strategy runs: a preset, an own one in a version, or a document that stands here. */
export function StrategyPart({ strategy, error, checked, declared }: Props) {
  const { draft, edit } = useForm();
  const strategies = useStrategies();
  const loaded = strategies.data?.pages.flatMap((page) => page.strategies) ?? [];
  const writeAsDocument = useWriteAsDocument();
  return (
    <Panel
      title="Strategy"
      actions={
        <Segments
          label="Where the strategy comes from"
          options={SOURCES}
          value={draft.source}
          onChange={(source) => edit({ source, parameters: {} }, "strategy")}
        />
      }
    >
      <div className={styles.stack}>
        {draft.source === "document" && <DocumentPart checked={checked} />}
        {draft.source === "preset" && <PresetChoice strategies={loaded} />}
        {draft.source === "own" && (
          <OwnChoice
            strategies={loaded.filter((one) => one.kind === "saved")}
            more={strategies.hasNextPage ? () => void strategies.fetchNextPage() : null}
          />
        )}
        {strategies.isPending && draft.source !== "document" && (
          <Loading height={40} label="Loading the strategies" />
        )}
        {strategies.isError && draft.source !== "document" && (
          <ErrorNotice
            error={strategies.error}
            what="The strategies could not be loaded"
            onRetry={() => void strategies.refetch()}
          />
        )}
        {draft.source !== "document" && Boolean(error) && !strategies.isError && (
          <ErrorNotice error={error} what="The strategy could not be loaded" />
        )}
        {draft.source !== "document" && strategy && (
          <div className={styles.about}>
            {strategy.description && <p>{strategy.description}</p>}
            <div className={styles.links}>
              <Link
                to="/strategies/$strategyId"
                params={{ strategyId: strategy.strategy_id }}
                search={draft.savedVersion && draft.source === "own" ? { version: draft.savedVersion } : {}}
              >
                Look at its document
              </Link>
              <Button kind="quiet" icon="edit" onClick={() => void writeAsDocument(strategy)}>
                Change it here
              </Button>
            </div>
          </div>
        )}
        <ParameterFields declared={declared} />
      </div>
    </Panel>
  );
}

function PresetChoice({ strategies }: { strategies: StrategySummary[] }) {
  const { draft, edit } = useForm();
  const groups = [
    { label: "Presets: one idea each", kind: "preset" },
    { label: "Archetypes: whole accounts", kind: "archetype" },
  ];
  return (
    <Entry path="strategy" label="Preset">
      {(control) => (
        <select
          {...control}
          value={draft.presetId}
          onChange={(event) => edit({ presetId: event.target.value, parameters: {} }, "strategy")}
        >
          <option value="">Choose one</option>
          {draft.presetId && strategies.every((one) => one.strategy_id !== draft.presetId) && (
            <option value={draft.presetId}>{draft.presetId}</option>
          )}
          {groups.map(({ label, kind }) => (
            <optgroup key={kind} label={label}>
              {strategies
                .filter((one) => one.kind === kind)
                .map((one) => (
                  <option key={one.strategy_id} value={one.strategy_id}>
                    {one.name}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
      )}
    </Entry>
  );
}

function OwnChoice({ strategies, more }: { strategies: StrategySummary[]; more: (() => void) | null }) {
  const { draft, edit } = useForm();
  const versions = useStrategyVersions(draft.savedId, true);
  const numbers = versions.data?.pages.flatMap((page) => page.versions) ?? [];
  const listed = strategies.some((one) => one.strategy_id === draft.savedId);
  const older = numbers.every((one) => one.version !== draft.savedVersion);
  return (
    <div className={styles.grid}>
      <Entry
        path="strategy"
        label="Your strategy"
        hint={
          strategies.length === 0 ? (
            <>
              None is saved yet. Write a <Link to="/strategies/new/document">document</Link>, or change a
              preset.
            </>
          ) : undefined
        }
      >
        {(control) => (
          <select
            {...control}
            value={draft.savedId}
            onChange={(event) =>
              edit({ savedId: event.target.value, savedVersion: null, parameters: {} }, "strategy")
            }
          >
            <option value="">Choose one</option>
            {draft.savedId && !listed && <option value={draft.savedId}>{draft.savedId}</option>}
            {strategies.map((one) => (
              <option key={one.strategy_id} value={one.strategy_id}>
                {one.name} ({one.strategy_id})
              </option>
            ))}
          </select>
        )}
      </Entry>
      <Entry path="version" label="Version">
        {(control) => (
          <select
            {...control}
            value={draft.savedVersion ?? ""}
            disabled={!draft.savedId}
            onChange={(event) => {
              const version = event.target.value;
              edit({ savedVersion: version === "" ? null : Number(version), parameters: {} }, "strategy");
            }}
          >
            <option value="">The newest{numbers[0] ? ` (${numbers[0].version})` : ""}</option>
            {draft.savedVersion !== null && older && (
              <option value={draft.savedVersion}>{draft.savedVersion}</option>
            )}
            {numbers.map((one) => (
              <option key={one.version} value={one.version ?? ""}>
                {one.version} of {utc(one.updated_at)}
              </option>
            ))}
          </select>
        )}
      </Entry>
      {more && (
        <Button kind="quiet" onClick={more}>
          Load more of your strategies
        </Button>
      )}
    </div>
  );
}

/** Put the chosen strategy's document into the form, to be changed for this run alone. */
function useWriteAsDocument() {
  const api = useApi();
  const queries = useQueryClient();
  const { edit } = useForm();
  return async (strategy: Strategy) => {
    const [{ write }, whole] = await Promise.all([
      import("@/features/strategies/editor/document"),
      queries.ensureQueryData(strategyQuery(api, strategy.strategy_id, strategy.version)),
    ]);
    edit({ source: "document", document: write(whole.document, "yaml") }, "strategy");
  };
}
