import type { Run } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { AllMetrics } from "@/features/run/overview/AllMetrics";
import { Distribution } from "@/features/run/overview/Distribution";
import { Drawdowns } from "@/features/run/overview/Drawdowns";
import { EquityPanel } from "@/features/run/overview/EquityPanel";
import { Headlines } from "@/features/run/overview/Headlines";
import { MonthlyReturns } from "@/features/run/overview/MonthlyReturns";
import { RollingSharpe } from "@/features/run/overview/RollingSharpe";
import { useView } from "@/features/run/overview/view";
import styles from "@/features/run/Run.module.css";
import { type Table, useReport, useResults } from "@/features/run/run";

const TABLES: Table[] = ["monthly", "yearly", "drawdowns", "rolling_sharpe"];

/** What the run came to, at a glance. */
export function Overview({ run }: { run: Run }) {
  const results = useResults(run.run_id);
  const report = useReport(run.run_id, TABLES);
  const view = useView(run);
  return (
    <div className={styles.stack}>
      {results.data ? (
        <Headlines results={results.data} />
      ) : results.isError ? (
        <ErrorNotice
          error={results.error}
          what="The results could not be loaded"
          onRetry={() => results.refetch()}
        />
      ) : (
        <Loading height={130} label="Loading the results" />
      )}
      <EquityPanel run={run} view={view} />
      {report.isError && (
        <ErrorNotice
          error={report.error}
          what="The tables could not be loaded"
          onRetry={() => report.refetch()}
        />
      )}
      <div className={styles.pair}>
        {report.data ? (
          <MonthlyReturns monthly={report.data.monthly} yearly={report.data.yearly} />
        ) : (
          report.isPending && <Loading height={220} label="Loading the months" />
        )}
        {results.data && <Distribution run={run} withRisk={Number(results.data.trades_with_risk ?? 0)} />}
      </div>
      {report.data && (
        <div className={styles.pair}>
          <Drawdowns rows={report.data.drawdowns} onShow={view.show} />
          {report.data.rolling_sharpe && <RollingSharpe columns={report.data.rolling_sharpe} />}
        </div>
      )}
      {results.data && <AllMetrics results={results.data} />}
    </div>
  );
}
