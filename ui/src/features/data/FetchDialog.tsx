import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import type { FieldError } from "@/api/errors";
import type { components } from "@/api/schema";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Field } from "@/components/Field";
import styles from "@/features/data/Forms.module.css";
import { fieldsOf, placed } from "@/features/data/fieldErrors";
import { addJob, jobKey } from "@/features/data/jobs";
import { NAME_FIELDS, type Name, NameFields } from "@/features/data/NameFields";
import type { Timeframe } from "@/features/data/timeframes";

export interface FetchValues extends Name {
  since: string;
  until: string;
  again: boolean;
}

type FetchAnswer = components["schemas"]["FetchAnswer"];

const FIELDS = [...NAME_FIELDS, "since", "until"];
// Offered, no more: the API knows best whom it can ask, and says so.
const ASKED = ["coinbase", "binance", "kraken", "bitstamp"];

export const NOTHING: FetchValues = {
  exchange: "coinbase",
  symbol: "",
  kind: "candles",
  timeframe: "1h",
  since: "",
  until: "",
  again: false,
};

interface Props {
  values?: Partial<FetchValues>;
  /** What an earlier fetch of these values failed over, to begin with. */
  errors?: FieldError[];
  onClose: () => void;
}

/** Ask for candles of an exchange; what becomes of it is shown where the dialog was opened. */
export function FetchDialog({ values, errors = [], onClose }: Props) {
  const form = useId();
  const [asked, setAsked] = useState<FetchValues>({ ...NOTHING, ...values });
  const [old, setOld] = useState(errors);
  const begin = useBegin(onClose);
  const [at, others] = placed(begin.error ? fieldsOf(begin.error) : old, FIELDS);
  const change = (part: Partial<FetchValues>) => {
    setAsked({ ...asked, ...part });
    // An error is of the value that was sent.
    begin.reset();
    setOld([]);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    begin.mutate(asked);
  };
  return (
    <Dialog
      title="Fetch from an exchange"
      onClose={onClose}
      actions={
        <Button kind="primary" type="submit" form={form} busy={begin.isPending}>
          Fetch
        </Button>
      }
    >
      <form id={form} className={styles.form} onSubmit={submit}>
        <p className="muted">
          Only what is missing is asked for, by the exchange's public endpoints. Fetched candles are
          everybody's on this stage.
        </p>
        <NameFields name={asked} errors={at} exchanges={ASKED} onChange={change} />
        <div className={styles.fields}>
          <Field
            label="Since"
            unit="UTC"
            error={at.since}
            hint="Empty: from where the held ones end, else since the market trades"
          >
            {(control) => (
              <input
                {...control}
                placeholder="2021-01-01"
                value={asked.since}
                onChange={(event) => change({ since: event.target.value })}
              />
            )}
          </Field>
          <Field label="Until" unit="UTC" error={at.until} hint="Empty: now. A date includes that day">
            {(control) => (
              <input
                {...control}
                placeholder="2021-12-31"
                value={asked.until}
                onChange={(event) => change({ until: event.target.value })}
              />
            )}
          </Field>
        </div>
        <label className={styles.choice}>
          <input
            type="checkbox"
            checked={asked.again}
            onChange={(event) => change({ again: event.target.checked })}
          />
          <span>Fetch the whole span anew, what is held included; bars that differ are replaced</span>
        </label>
        {(others.length > 0 || (begin.error && fieldsOf(begin.error).length === 0)) && (
          <ErrorNotice error={begin.error} what="The fetch could not be begun" />
        )}
      </form>
    </Dialog>
  );
}

/** Begin a fetch and show it among the jobs. */
export function useBegin(onBegun: () => void = () => undefined) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (values: FetchValues) => {
      const body: components["schemas"]["FetchRequest"] = {
        source: "exchange",
        exchange: values.exchange.trim().toLowerCase(),
        symbol: values.symbol.trim(),
        kind: values.kind,
        again: values.again,
        ...(values.kind === "candles" ? { timeframe: values.timeframe as Timeframe } : {}),
        ...(values.since.trim() ? { since: values.since.trim() } : {}),
        ...(values.until.trim() ? { until: values.until.trim() } : {}),
      };
      return (await data(api.POST("/datasets", { body }))) as FetchAnswer;
    },
    onSuccess: async (begun, values) => {
      // The same candles asked for again are the same fetch: what is known of its end is of the one before.
      await queries.resetQueries({ queryKey: jobKey(begun.fetch_id) });
      addJob({ kind: "fetch", id: begun.fetch_id, datasetId: begun.dataset_id, values });
      onBegun();
    },
  });
}
