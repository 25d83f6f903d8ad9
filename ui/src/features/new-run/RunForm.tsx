import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "@/api/errors";
import { BEHAVIOUR, RISK } from "@/features/new-run/draft";
import { FundsPart } from "@/features/new-run/FundsPart";
import { atFields, fieldsShown, focusField, focusFirst } from "@/features/new-run/faults";
import { useForm } from "@/features/new-run/form";
import { LabelsPart } from "@/features/new-run/LabelsPart";
import { MarginPart } from "@/features/new-run/MarginPart";
import { MarketPart } from "@/features/new-run/MarketPart";
import { PeriodPart } from "@/features/new-run/PeriodPart";
import styles from "@/features/new-run/RunForm.module.css";
import { type Fault, requestOf } from "@/features/new-run/request";
import { StartPanel } from "@/features/new-run/StartPanel";
import { StrategyPart } from "@/features/new-run/StrategyPart";
import { CostsPart, TermsPart } from "@/features/new-run/TermsParts";
import { useStart } from "@/features/new-run/useStart";
import { useDocument } from "@/features/strategies/editor/useDocument";
import { declaredOf } from "@/features/strategies/parameters";
import { useStrategy } from "@/features/strategies/queries";

/** The fields of a new run, in the order in which one thinks of them, and what they come to beside them. */
export function RunForm() {
  const { draft, errors, refuse } = useForm();
  const form = useRef<HTMLFormElement>(null);
  const written = draft.source === "document";
  const id = written ? "" : draft.source === "preset" ? draft.presetId : draft.savedId;
  const strategy = useStrategy(id, draft.source === "own" ? draft.savedVersion : null);
  const checked = useDocument(draft.document, written);
  const document = (written ? checked.value : strategy.data?.document) ?? null;
  const declared = useMemo(() => declaredOf(document?.parameters), [document]);
  const start = useStart();
  // A refusal's errors are at their fields only once these are drawn.
  const [refused, setRefused] = useState(0);

  const show = (faults: Fault[]) => {
    if (form.current === null) return;
    const found = atFields(faults, fieldsShown(form.current));
    refuse(found.errors, found.others);
    setRefused((count) => count + 1);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (start.isPending) return;
    start.reset();
    const { request, faults } = requestOf(draft, checked.value, declared);
    if (faults.length > 0) {
      show(faults);
      return;
    }
    refuse(new Map(), []);
    start.mutate(request, {
      onError: (error) => {
        if (error instanceof ApiError && error.fields.length > 0) show(error.fields);
      },
    });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once a refusal, not once a change of the errors
  useEffect(() => {
    if (refused > 0 && form.current) focusFirst(form.current, errors);
  }, [refused]);

  return (
    <form ref={form} className={styles.form} noValidate onSubmit={submit}>
      <div className={styles.parts}>
        <StrategyPart
          strategy={written ? undefined : strategy.data}
          error={strategy.error}
          checked={checked}
          declared={declared}
        />
        <MarketPart />
        <PeriodPart />
        <FundsPart />
        <CostsPart />
        <TermsPart title="Risk limits" group="risk" specs={RISK} ofStrategy={termsIn(document?.risk)} />
        <TermsPart
          title="Behaviour"
          group="behaviour"
          specs={BEHAVIOUR}
          ofStrategy={termsIn(document?.behaviour)}
        />
        <MarginPart />
        <LabelsPart />
      </div>
      <StartPanel
        strategyName={document && typeof document.name === "string" ? document.name : id}
        busy={start.isPending}
        error={start.error}
        onField={(path) => form.current && focusField(form.current, path)}
      />
    </form>
  );
}

function termsIn(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
}
