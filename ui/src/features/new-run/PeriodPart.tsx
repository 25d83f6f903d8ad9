import { Panel } from "@/components/Panel";
import { DateInput } from "@/features/new-run/DateInput";
import { Entry } from "@/features/new-run/Entry";
import { useForm } from "@/features/new-run/form";
import { common, type Span, serving } from "@/features/new-run/held";
import styles from "@/features/new-run/parts.module.css";
import { useHeldSymbols, useRegimes } from "@/features/new-run/queries";
import { utcDate } from "@/format/times";

/** When: dates, or a named period of the market, which fills them in. */
export function PeriodPart() {
  const { draft, edit } = useForm();
  const regimes = useRegimes();
  const span = useCommonSpan();
  const chosen = regimes.data?.find((regime) => regime.id === draft.regime);
  return (
    <Panel title="Period">
      <div className={styles.stack}>
        <div className={styles.period}>
          <Entry path="regime" label="Named period" hint={chosen?.why}>
            {(control) => (
              <select
                {...control}
                value={draft.regime}
                onChange={(event) => {
                  const regime = regimes.data?.find((one) => one.id === event.target.value);
                  edit(
                    regime
                      ? { regime: regime.id, start: regime.start_date, end: regime.end_date }
                      : { regime: "" },
                    "regime",
                  );
                }}
              >
                <option value="">Own dates</option>
                {draft.regime && !chosen && <option value={draft.regime}>{draft.regime}</option>}
                {regimes.data?.map((regime) => (
                  <option key={regime.id} value={regime.id}>
                    {regime.title}, {regime.start_date} – {regime.end_date}
                  </option>
                ))}
              </select>
            )}
          </Entry>
          <DateEntry path="start_date" label="From" value={draft.start} standard="first candle" span={span} />
          <DateEntry path="end_date" label="To" value={draft.end} standard="last candle" span={span} />
        </div>
      </div>
    </Panel>
  );
}

interface DateProps {
  path: "start_date" | "end_date";
  label: string;
  value: string;
  /** What an empty field means. */
  standard: string;
  span: Span | null;
}

function DateEntry({ path, label, value, standard, span }: DateProps) {
  const { edit } = useForm();
  const isEnd = path === "end_date";
  const held = span && new Date(isEnd ? span.to - 1 : span.from).toISOString();
  const hint = isEnd ? "That day is included." : "The warm-up is read from before it.";
  return (
    <Entry
      path={path}
      label={label}
      unit="UTC"
      hint={`Empty: the ${standard} held${held ? `, ${utcDate(held)}` : ""}. ${hint}`}
    >
      {(control) => (
        <DateInput
          control={control}
          label={label}
          value={value}
          standard={held ? utcDate(held) : isEnd ? "2021-12-31" : "2021-01-01"}
          onChange={(next) => edit({ [isEnd ? "end" : "start"]: next, regime: "" }, path)}
        />
      )}
    </Entry>
  );
}

/** The span that the candles of all chosen symbols cover. */
export function useCommonSpan(): Span | null {
  const { draft } = useForm();
  const symbols = useHeldSymbols().data ?? [];
  const held = draft.symbols.map((name) =>
    serving(
      symbols.find((symbol) => symbol.symbol === name),
      draft.timeframe,
      draft.exchange,
    ),
  );
  return common(held.filter((one) => one !== null));
}
