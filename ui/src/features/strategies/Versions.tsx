import { Link } from "@tanstack/react-router";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Time } from "@/components/Time";
import { declaredOf } from "@/features/strategies/parameters";
import { useStrategyVersions } from "@/features/strategies/queries";
import styles from "@/features/strategies/Tables.module.css";

/** Every version that a strategy had, newest first; none ever changes. */
export function Versions({ strategyId, shown }: { strategyId: string; shown: number | null }) {
  const versions = useStrategyVersions(strategyId, true);
  if (versions.isPending) return <Loading height={90} label="Loading the versions" />;
  if (versions.isError) {
    return (
      <ErrorNotice
        error={versions.error}
        what="The versions could not be loaded"
        onRetry={() => void versions.refetch()}
      />
    );
  }
  const rows = versions.data.pages.flatMap((page) => page.versions);
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Saved, UTC</th>
            <th scope="col">Parameters</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.version} aria-current={row.version === shown ? "true" : undefined}>
              <th scope="row">
                <Link
                  to="/strategies/$strategyId"
                  params={{ strategyId }}
                  search={row.version === null ? {} : { version: row.version }}
                >
                  {row.version}
                </Link>
                {row.version === shown && <span className="muted"> shown</span>}
              </th>
              <td>
                <Time iso={row.updated_at} />
              </td>
              <td>
                {Object.entries(declaredOf(row.parameters))
                  .map(([name, { standard }]) => `${name} ${standard}`)
                  .join(", ")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {versions.hasNextPage && (
        <div className={styles.more}>
          <Button
            kind="quiet"
            busy={versions.isFetchingNextPage}
            onClick={() => void versions.fetchNextPage()}
          >
            Older versions
          </Button>
        </div>
      )}
    </div>
  );
}
