/** The form's state: the draft, which outlives a reload, and what is wrong at which of its fields. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { type Draft, emptyDraft, keepDraft, keptDraft } from "@/features/new-run/draft";
import type { Fault } from "@/features/new-run/request";

export interface Form {
  draft: Draft;
  /** Change fields of the draft; what was wrong at `path` is no longer known. */
  edit(change: Partial<Draft>, path: string): void;
  /** Put another draft in the place of this one. */
  replace(draft: Draft): void;
  clear(): void;
  /** By the path of a field that the form has. */
  errors: ReadonlyMap<string, string>;
  /** What has no field of its own. */
  others: Fault[];
  refuse(errors: ReadonlyMap<string, string>, others: Fault[]): void;
}

const FormContext = createContext<Form | null>(null);
const NONE: ReadonlyMap<string, string> = new Map();

export function FormProvider({ children }: { children: ReactNode }) {
  const [draft, setDraft] = useState(keptDraft);
  const [errors, setErrors] = useState(NONE);
  const [others, setOthers] = useState<Fault[]>([]);
  useEffect(() => keepDraft(draft), [draft]);
  const form = useMemo<Form>(() => {
    const replace = (next: Draft) => {
      setDraft(next);
      setErrors(NONE);
      setOthers([]);
    };
    return {
      draft,
      edit(change, path) {
        setDraft((before) => ({ ...before, ...change }));
        setOthers([]);
        setErrors((before) =>
          before.has(path) ? new Map([...before].filter(([known]) => known !== path)) : before,
        );
      },
      replace,
      clear: () => replace(emptyDraft()),
      errors,
      others,
      refuse(found, rest) {
        setErrors(found);
        setOthers(rest);
      },
    };
  }, [draft, errors, others]);
  return <FormContext value={form}>{children}</FormContext>;
}

export function useForm(): Form {
  const form = useContext(FormContext);
  if (form === null) throw new Error("used outside of FormProvider");
  return form;
}
