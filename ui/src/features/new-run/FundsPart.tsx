import { rangeOf } from "@/api/fields";
import { Button } from "@/components/Button";
import { Panel } from "@/components/Panel";
import { Segments } from "@/components/Segments";
import { CASH, type Draft } from "@/features/new-run/draft";
import { Entry, SpecEntry } from "@/features/new-run/Entry";
import { useForm } from "@/features/new-run/form";
import styles from "@/features/new-run/parts.module.css";

const WAYS: { value: Draft["funds"]; label: string }[] = [
  { value: "cash", label: "Cash" },
  { value: "allocations", label: "Allocations" },
];

/** What the account begins with: cash, or cash and what is held of the symbols. */
export function FundsPart() {
  const { draft, edit } = useForm();
  return (
    <Panel
      title="Account"
      actions={
        <Segments
          label="What the account begins with"
          options={WAYS}
          value={draft.funds}
          onChange={(funds) => edit({ funds }, "initial_allocations")}
        />
      }
    >
      {draft.funds === "cash" ? (
        <div className={styles.narrow}>
          <SpecEntry
            spec={CASH}
            path="initial_cash"
            value={draft.cash}
            onChange={(value) => edit({ cash: String(value) }, "initial_cash")}
          />
        </div>
      ) : (
        <Allocations />
      )}
    </Panel>
  );
}

function Allocations() {
  const { draft, edit, errors } = useForm();
  const rows = draft.allocations;
  const path = "initial_allocations";
  const set = (index: number, change: Partial<(typeof rows)[number]>, at: string) =>
    edit({ allocations: rows.map((row, number) => (number === index ? { ...row, ...change } : row)) }, at);
  const names = ["cash", ...draft.symbols.map((symbol) => symbol.split("-")[0] ?? symbol)];
  const free = names.find((name) => rows.every((row) => row.name !== name)) ?? "";
  return (
    <div className={styles.stack} data-path={path}>
      <p className={styles.note}>
        In quote currency, at the first bar: <code>cash</code>, and symbols or their base (<code>BTC</code>).
      </p>
      {rows.map((row, index) => {
        const at = `${path}.${row.name.trim()}`;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place; its name is being written
          <div key={index} className={styles.row}>
            <Entry path={`${path}[${index}]`} label="What">
              {(control) => (
                <input
                  {...control}
                  type="text"
                  list="allocation-names"
                  autoComplete="off"
                  spellCheck={false}
                  value={row.name}
                  onChange={(event) => set(index, { name: event.target.value }, path)}
                />
              )}
            </Entry>
            <Entry path={at} label="Worth">
              {(control) => (
                <input
                  {...control}
                  type="number"
                  step="any"
                  min={0}
                  value={row.amount}
                  onChange={(event) => set(index, { amount: event.target.value }, at)}
                />
              )}
            </Entry>
            <Button
              kind="quiet"
              icon="close"
              className={styles.remove ?? ""}
              aria-label={`Leave ${row.name || "this row"} out`}
              onClick={() => edit({ allocations: rows.filter((_, number) => number !== index) }, path)}
            />
          </div>
        );
      })}
      <datalist id="allocation-names">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {errors.get(path) && <div className={styles.error}>{errors.get(path)}</div>}
      <div>
        <Button
          icon="plus"
          onClick={() => edit({ allocations: [...rows, { name: free, amount: "" }] }, path)}
        >
          Add
        </Button>
        <span className={styles.note}>
          {" "}
          {rangeOf({ low: 0, high: null, above: false })}; together above 0
        </span>
      </div>
    </div>
  );
}
