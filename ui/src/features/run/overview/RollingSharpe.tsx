import { useMemo } from "react";
import type { Report } from "@/api/types";
import { Lines } from "@/chart/Lines";
import { Notice } from "@/components/Notice";
import { Panel } from "@/components/Panel";
import { decimal } from "@/format/numbers";

type Columns = NonNullable<Report["rolling_sharpe"]>;

const HEIGHT = 262;

/** The Sharpe ratio of the last 30 and 90 days, day by day. */
export function RollingSharpe({ columns }: { columns: Columns }) {
  const lines = useMemo(
    () => ({
      times: columns.date.map((date) => Date.parse(date) / 1000),
      series: [
        { name: "30 days", token: "series-2", dashed: false, values: columns.days_30 },
        { name: "90 days", token: "series-3", dashed: true, values: columns.days_90 },
      ],
    }),
    [columns],
  );
  const known = columns.days_30.some((value) => value !== null);
  return (
    <Panel title="Rolling Sharpe ratio" flush>
      {known ? (
        <Lines
          label="Sharpe ratio of the last 30 and 90 days"
          lines={lines}
          height={HEIGHT}
          write={decimal}
        />
      ) : (
        <Notice title="Not defined">It takes 30 days, and equity that moves in them.</Notice>
      )}
    </Panel>
  );
}
