import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId, useRef, useState } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import type { components } from "@/api/schema";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorNotice } from "@/components/ErrorNotice";
import { Field } from "@/components/Field";
import { ProgressBar } from "@/components/ProgressBar";
import styles from "@/features/data/Forms.module.css";
import { fieldsOf, placed } from "@/features/data/fieldErrors";
import { guess } from "@/features/data/guess";
import { addJob } from "@/features/data/jobs";
import { NAME_FIELDS, type Name, NameFields } from "@/features/data/NameFields";
import { useDatasets } from "@/features/data/queries";
import type { Timeframe } from "@/features/data/timeframes";
import { upload } from "@/features/data/upload";
import { bytes } from "@/format/numbers";

type ImportBegun = components["schemas"]["ImportBegun"];

const NOTHING: Name = { exchange: "", symbol: "", kind: "candles", timeframe: "1h" };

/** A file that is too large is wrong at its own field. */
class FileError extends Error {}

/** Upload a file of candles or rates and start its import; what becomes of it is shown behind the dialog. */
export function ImportDialog({ values, onClose }: { values?: Partial<Name>; onClose: () => void }) {
  const form = useId();
  const exchanges = (useDatasets().data ?? []).map((dataset) => dataset.exchange);
  const [name, setName] = useState<Name>({ ...NOTHING, ...values });
  const [file, setFile] = useState<File | null>(null);
  const [sent, setSent] = useState(0);
  const abort = useRef<AbortController | null>(null);
  const begin = useImport(setSent, onClose);
  const [at, others] = placed(fieldsOf(begin.error), NAME_FIELDS);
  const ofFile = begin.error instanceof FileError ? begin.error.message : undefined;
  const close = () => {
    abort.current?.abort(new Error("the upload was cancelled"));
    onClose();
  };
  const choose = (chosen: File | null) => {
    setFile(chosen);
    begin.reset();
    if (chosen && !values) setName({ ...name, ...guess(chosen.name, [...exchanges, "binance", "coinbase"]) });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (file === null) return;
    abort.current = new AbortController();
    setSent(0);
    begin.mutate({ name, file, signal: abort.current.signal });
  };
  return (
    <Dialog
      title="Import a file"
      onClose={close}
      actions={
        <Button kind="primary" type="submit" form={form} busy={begin.isPending}>
          Import
        </Button>
      }
    >
      <form id={form} className={styles.form} onSubmit={submit}>
        <p className="muted">
          CSV or Parquet. The file is checked first and stored whole or not at all; a bar that is imported
          again replaces the one that was held.
        </p>
        <Field label="File" error={ofFile} hint={file ? bytes(file.size) : "at most 256 MiB"}>
          {(control) => (
            <input
              {...control}
              type="file"
              required
              accept=".csv,.txt,.parquet,.pq"
              onChange={(event) => choose(event.target.files?.[0] ?? null)}
            />
          )}
        </Field>
        <NameFields
          name={name}
          errors={at}
          exchanges={[]}
          onChange={(change) => {
            setName({ ...name, ...change });
            begin.reset();
          }}
        />
        {begin.isPending && <ProgressBar value={sent} label="Uploading the file" />}
        {begin.error && !ofFile && (others.length > 0 || fieldsOf(begin.error).length === 0) && (
          <ErrorNotice error={begin.error} what="The file could not be uploaded" />
        )}
      </form>
    </Dialog>
  );
}

interface Wanted {
  name: Name;
  file: File;
  signal: AbortSignal;
}

function useImport(progress: (percent: number) => void, onStarted: () => void) {
  const api = useApi();
  return useMutation({
    mutationFn: async ({ name, file, signal }: Wanted) => {
      const body: components["schemas"]["DatasetRequest"] = {
        exchange: name.exchange.trim().toLowerCase(),
        symbol: name.symbol.trim(),
        kind: name.kind,
        ...(name.kind === "candles" ? { timeframe: name.timeframe as Timeframe } : {}),
      };
      const begun = (await data(api.POST("/datasets", { body, signal }))) as ImportBegun;
      if (file.size > begun.max_bytes) {
        throw new FileError(`${bytes(file.size)} is more than ${bytes(begun.max_bytes)}; import it in parts`);
      }
      await upload(begun.upload, file, progress, signal);
      const path = { dataset_id: begun.dataset_id, import_id: begun.import_id };
      await data(api.POST("/datasets/{dataset_id}/imports/{import_id}", { params: { path }, signal }));
      return begun;
    },
    onSuccess: (begun, { file }) => {
      addJob({ kind: "import", id: begun.import_id, datasetId: begun.dataset_id, file: file.name });
      onStarted();
    },
  });
}
