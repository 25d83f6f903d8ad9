import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import type { Dataset } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Field } from "@/components/Field";
import styles from "@/features/data/Forms.module.css";
import { fieldsOf, placed } from "@/features/data/fieldErrors";
import { addJob } from "@/features/data/jobs";
import { isTimeframe, longerThan, type Timeframe } from "@/features/data/timeframes";

/** Make candles of a longer timeframe, as a dataset of their own. */
export function ResampleDialog({ dataset, onClose }: { dataset: Dataset; onClose: () => void }) {
  const api = useApi();
  const form = useId();
  const longer = isTimeframe(dataset.timeframe) ? longerThan(dataset.timeframe) : [];
  const [timeframe, setTimeframe] = useState<Timeframe>(longer.includes("4h") ? "4h" : (longer[0] ?? "1d"));
  const begin = useMutation({
    mutationFn: () =>
      data(
        api.POST("/datasets/{dataset_id}/resample", {
          params: { path: { dataset_id: dataset.dataset_id } },
          body: { timeframe },
        }),
      ),
    onSuccess: (begun) => {
      addJob({
        kind: "resample",
        id: begun.import_id,
        datasetId: begun.dataset_id,
        madeOf: dataset.dataset_id,
      });
      onClose();
    },
  });
  const [at] = placed(fieldsOf(begin.error), ["timeframe"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    begin.mutate();
  };
  return (
    <Dialog
      title="Resample"
      onClose={onClose}
      actions={
        <Button kind="primary" type="submit" form={form} busy={begin.isPending}>
          Resample
        </Button>
      }
    >
      <form id={form} className={styles.form} onSubmit={submit}>
        <p className="muted">
          Bars of a longer timeframe are made exactly, and stored as a dataset of their own. A run at a
          timeframe that is not held makes them as it reads; a dataset is for what is read often.
        </p>
        <Field label="Timeframe" error={at.timeframe}>
          {(control) => (
            <select
              {...control}
              value={timeframe}
              onChange={(event) => {
                setTimeframe(event.target.value as Timeframe);
                begin.reset();
              }}
            >
              {longer.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
        {begin.error && !at.timeframe && <ErrorNotice error={begin.error} what="It could not be resampled" />}
      </form>
    </Dialog>
  );
}
