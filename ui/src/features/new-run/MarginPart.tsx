import { type Draft, FUNDING, LEVERAGE, MAINTENANCE, TIMEFRAMES } from "@/features/new-run/draft";
import { Entry, SpecEntry } from "@/features/new-run/Entry";
import { Fold } from "@/features/new-run/Fold";
import { useForm } from "@/features/new-run/form";
import styles from "@/features/new-run/parts.module.css";
import { wrongIn } from "@/features/new-run/TermsParts";
import { madeOf, timeframeMs } from "@/format/timeframes";

const FUNDING_WAYS: { value: Draft["funding"]; label: string }[] = [
  { value: "none", label: "None" },
  { value: "stored", label: "The rates that are held" },
  { value: "assumed", label: "An assumed rate" },
];
const PATHS = ["leverage", "maintenance_margin_pct", "funding", "finer_timeframe"];

/** Leverage, what shorts and leverage pay, and what decides inside a bar. */
export function MarginPart() {
  const { draft, edit, errors } = useForm();
  const said = [
    Number(draft.leverage) > 1 && `${draft.leverage} × leverage`,
    draft.funding !== "none" && `funding ${draft.funding}`,
    draft.finer && `${draft.finer} candles inside the bar`,
  ].filter(Boolean);
  return (
    <Fold
      title="Margin, funding and finer candles"
      digest={said.join(", ") || "spot"}
      wrong={PATHS.some((path) => wrongIn(errors, path))}
    >
      <div className={styles.grid}>
        <SpecEntry
          spec={LEVERAGE}
          path="leverage"
          value={draft.leverage}
          onChange={(value) => edit({ leverage: String(value) }, "leverage")}
        />
        <SpecEntry
          spec={MAINTENANCE}
          path="maintenance_margin_pct"
          value={draft.maintenance}
          onChange={(value) => edit({ maintenance: String(value) }, "maintenance_margin_pct")}
        />
        <Entry
          path="finer_timeframe"
          label="Finer candles"
          hint="Held candles that decide whether the stop or the target came first inside a bar; without them the stop."
        >
          {(control) => (
            <select
              {...control}
              value={draft.finer}
              onChange={(event) => edit({ finer: event.target.value }, "finer_timeframe")}
            >
              <option value="">None</option>
              {TIMEFRAMES.filter((name) => name === draft.finer || isFiner(name, draft.timeframe)).map(
                (name) => (
                  <option key={name}>{name}</option>
                ),
              )}
            </select>
          )}
        </Entry>
        <Entry path="funding" label="Funding" hint="Shorts, leverage above 1 and perpetuals (-PERP) need it.">
          {(control) => (
            <select
              {...control}
              value={draft.funding}
              onChange={(event) => edit({ funding: event.target.value as Draft["funding"] }, "funding")}
            >
              {FUNDING_WAYS.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Entry>
        {draft.funding === "assumed" &&
          FUNDING.map((spec) => (
            <SpecEntry
              key={spec.name}
              spec={spec}
              path={`funding.${spec.name}`}
              value={draft.fundingTerms[spec.name] ?? ""}
              onChange={(value) =>
                edit({ fundingTerms: { ...draft.fundingTerms, [spec.name]: value } }, `funding.${spec.name}`)
              }
            />
          ))}
      </div>
    </Fold>
  );
}

function isFiner(name: string, timeframe: string): boolean {
  return timeframeMs(name) < timeframeMs(timeframe) && madeOf(timeframe, name);
}
