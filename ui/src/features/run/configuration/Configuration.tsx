import { Link } from "@tanstack/react-router";
import type { Results, Run } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Panel } from "@/components/Panel";
import styles from "@/features/run/configuration/Configuration.module.css";
import { CopyButton } from "@/features/run/configuration/CopyButton";
import { asRequest, settingGroups, writtenValue } from "@/features/run/configuration/groups";
import runStyles from "@/features/run/Run.module.css";
import { useResults } from "@/features/run/run";

/** What was run, with every default filled in, and the fingerprint of it. */
export function Configuration({ run }: { run: Run }) {
  const results = useResults(run.run_id);
  if (results.isError) {
    return (
      <ErrorNotice
        error={results.error}
        what="The configuration could not be loaded"
        onRetry={() => results.refetch()}
      />
    );
  }
  if (!results.data) return <Loading height={400} label="Loading the configuration" />;
  return <Parts run={run} results={results.data} />;
}

function Parts({ run, results }: { run: Run; results: Results }) {
  const { request } = results;
  const symbols = Array.isArray(request.symbols) ? request.symbols.map(asRequest) : [];
  const names = Object.keys(symbols[0] ?? {}).filter((name) =>
    symbols.some((symbol) => symbol[name] !== null && symbol[name] !== undefined),
  );
  const document = JSON.stringify(request.strategy, null, 2);
  return (
    <div className={runStyles.stack}>
      <Panel title="Fingerprint" actions={<CopyButton text={results.fingerprint} what="fingerprint" />}>
        <code className={styles.fingerprint}>{results.fingerprint}</code>
        <p className={styles.note}>
          Equal fingerprints mean equal results, byte for byte: strategy, parameters, candles, costs, limits
          and the engine (version {results.engine_version}) are all in it.
          {run.same_as && (
            <>
              {" "}
              An earlier run has the same:{" "}
              <Link to="/runs/$runId" params={{ runId: run.same_as }}>
                {run.same_as}
              </Link>
              .
            </>
          )}
        </p>
      </Panel>
      <Panel
        title="What was run"
        actions={<CopyButton text={JSON.stringify(request, null, 2)} what="request" />}
      >
        <div className={styles.groups}>
          {settingGroups(request).map((group) => (
            <section key={group.title} className={styles.group} aria-label={group.title}>
              <h3>{group.title}</h3>
              {group.settings.length === 0 && <p className="muted">{group.absent}</p>}
              <dl>
                {group.settings.map((setting) => (
                  <div key={setting.path} className={styles.row}>
                    <dt title={setting.path}>{setting.label}</dt>
                    <dd className={setting.value === null ? "muted" : ""}>{writtenValue(setting)}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </Panel>
      <Panel title="Symbols" flush>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <div className={styles.scroll} tabIndex={0}>
          <table className={styles.table} aria-label="Symbols of the run">
            <thead>
              <tr>
                {names.map((name) => (
                  <th key={name} scope="col">
                    {name.replaceAll("_", " ")}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {symbols.map((symbol) => (
                <tr key={String(symbol.symbol)}>
                  {names.map((name) => (
                    <td key={name}>{String(symbol[name] ?? "–")}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      <Panel
        title={`Strategy: ${run.strategy}${run.strategy_version === null ? "" : ` @${run.strategy_version}`}`}
        actions={<CopyButton text={document} what="document" />}
      >
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <pre className={styles.document} tabIndex={0}>
          {document}
        </pre>
      </Panel>
    </div>
  );
}
