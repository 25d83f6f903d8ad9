import { PageHead } from "@/components/PageHead";
import { ChangesPanel } from "@/features/operations/ChangesPanel";
import { DoctorPanel } from "@/features/operations/DoctorPanel";
import styles from "@/features/operations/Operations.module.css";
import { PricesPanel } from "@/features/operations/PricesPanel";
import { StatusStats } from "@/features/operations/StatusStats";
import { WorkflowsPanel } from "@/features/operations/WorkflowsPanel";

/** What is going on: executions, what became of runs, whether the service stands. */
export function OperationsPage() {
  return (
    <>
      <PageHead title="Operations" />
      <div className={styles.page}>
        <StatusStats />
        <div className={styles.columns}>
          <WorkflowsPanel />
          <div className={styles.column}>
            <ChangesPanel />
            <PricesPanel />
            <DoctorPanel />
          </div>
        </div>
        <p className={styles.licence}>
          Charts are drawn with TradingView Lightweight Charts™, © 2025 TradingView, Inc. (Apache-2.0):{" "}
          <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
            https://www.tradingview.com/
          </a>
        </p>
      </div>
    </>
  );
}
