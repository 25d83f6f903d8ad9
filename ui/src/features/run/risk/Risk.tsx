import type { Run } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import styles from "@/features/run/Run.module.css";
import { BlockedDays } from "@/features/run/risk/BlockedDays";
import { BlockReasons } from "@/features/run/risk/BlockReasons";
import { CandlesRead } from "@/features/run/risk/CandlesRead";
import { DataFlags } from "@/features/run/risk/DataFlags";
import { LeftOpen } from "@/features/run/risk/LeftOpen";
import { Triggers } from "@/features/run/risk/Triggers";
import { useReport, useResults } from "@/features/run/run";

/** What became of each decision, and how far the candles can be trusted. */
export function Risk({ run }: { run: Run }) {
  const results = useResults(run.run_id);
  const report = useReport(run.run_id, ["daily"]);
  if (results.isError) {
    return (
      <ErrorNotice
        error={results.error}
        what="The results could not be loaded"
        onRetry={() => results.refetch()}
      />
    );
  }
  if (!results.data) return <Loading height={400} label="Loading what was blocked" />;
  return (
    <div className={styles.stack}>
      <Triggers rows={results.data.triggers} />
      <div className={styles.pair}>
        {report.data?.daily ? (
          <BlockedDays daily={report.data.daily} />
        ) : report.isError ? (
          <ErrorNotice error={report.error} what="The days could not be loaded" />
        ) : (
          <Loading height={220} label="Loading the days" />
        )}
        <BlockReasons counts={results.data.blocked as Record<string, number> | undefined} />
      </div>
      <LeftOpen rows={results.data.left_open} />
      <CandlesRead results={results.data} />
      <DataFlags run={run} flags={results.data.data_flags} />
    </div>
  );
}
