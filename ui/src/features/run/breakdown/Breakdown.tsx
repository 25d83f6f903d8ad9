import type { Run } from "@/api/types";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Loading } from "@/components/Loading";
import { Excursions } from "@/features/run/breakdown/Excursions";
import { Groups } from "@/features/run/breakdown/Groups";
import styles from "@/features/run/Run.module.css";
import { type Breakdown as Name, useReport } from "@/features/run/run";

type GroupName = Exclude<Name, "excursions">;

const GROUPS: { table: GroupName; title: string; label: string; empty?: string }[] = [
  { table: "by_symbol", title: "By symbol", label: "Symbol" },
  { table: "by_side", title: "By side", label: "Side" },
  { table: "by_trigger", title: "By trigger that entered", label: "Trigger" },
  { table: "by_exit_trigger", title: "By trigger that left", label: "Trigger" },
  { table: "by_exit_reason", title: "By exit reason", label: "Reason" },
  { table: "by_weekday", title: "By weekday of the entry (UTC)", label: "Weekday" },
  { table: "by_hour", title: "By hour of the entry (UTC)", label: "Hour" },
];

const TABLES: Name[] = [...GROUPS.map(({ table }) => table), "excursions"];

/** Closed trades by what they have in common. */
export function Breakdown({ run }: { run: Run }) {
  const report = useReport(run.run_id, TABLES);
  if (report.isError) {
    return (
      <ErrorNotice
        error={report.error}
        what="The breakdown could not be loaded"
        onRetry={() => report.refetch()}
      />
    );
  }
  if (!report.data) return <Loading height={400} label="Loading the breakdown" />;
  return (
    <div className={styles.stack}>
      {GROUPS.map(({ table, title, label }) => (
        <Groups key={table} title={title} label={label} name={table} rows={report.data[table]} />
      ))}
      <Excursions rows={report.data.excursions} />
    </div>
  );
}
