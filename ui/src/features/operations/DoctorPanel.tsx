import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import type { components } from "@/api/schema";
import { Button } from "@/components/Button";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Notice } from "@/components/Notice";
import { Panel } from "@/components/Panel";
import { integer } from "@/format/numbers";

type Finding = components["schemas"]["Finding"];

interface Looked {
  runs: number;
  datasets: number;
  findings: Finding[];
}

const NOTHING: Looked = { runs: 0, datasets: 0, findings: [] };

/** Whether the index, the store and the workflows agree: looked through page by page, when somebody asks. */
export function DoctorPanel() {
  const api = useApi();
  const [looked, setLooked] = useState(NOTHING);
  const look = useMutation({
    mutationFn: async () => {
      let sum = NOTHING;
      let cursor: string | null = null;
      do {
        const query: { cursor: string | null } = { cursor };
        const page: components["schemas"]["ConsistencyAnswer"] = await data(
          api.GET("/doctor", { params: { query } }),
        );
        sum = {
          runs: sum.runs + page.runs,
          datasets: sum.datasets + page.datasets,
          findings: [...sum.findings, ...page.findings],
        };
        setLooked(sum);
        cursor = page.next_cursor;
      } while (cursor !== null);
      return sum;
    },
  });
  const through = `${integer(looked.runs)} backtests and ${integer(looked.datasets)} datasets`;
  return (
    <Panel
      title="Doctor"
      actions={
        <Button icon="search" busy={look.isPending} onClick={() => look.mutate()}>
          Look
        </Button>
      }
    >
      {look.isIdle && (
        <p className="muted">
          Compares the index of your backtests and datasets with the store and the workflows.
        </p>
      )}
      {look.isPending && <p role="status">Looking: {through} so far</p>}
      {look.error && <ErrorNotice error={look.error} what="The doctor could not look" />}
      {look.isSuccess && looked.findings.length === 0 && <p role="status">✓ {through}: all agree.</p>}
      {looked.findings.length > 0 && (
        <Notice kind="warn" title={`${integer(looked.findings.length)} disagree, of ${through}`}>
          <ul>
            {looked.findings.map((finding) => (
              <li key={`${finding.kind} ${finding.about}`}>
                <code>{finding.about}</code>: {finding.detail}
              </li>
            ))}
          </ul>
        </Notice>
      )}
    </Panel>
  );
}
