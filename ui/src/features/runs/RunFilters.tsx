import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useId } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import type { Run } from "@/api/types";
import { Field } from "@/components/Field";
import styles from "@/features/runs/RunFilters.module.css";
import type { Filters } from "@/features/runs/runs";

const STATUSES: Run["status"][] = ["queued", "running", "completed", "failed", "cancelled"];

interface Props {
  filters: Filters;
  /** What is loaded: its tags and strategies are proposed. */
  runs: Run[];
  onFilter: (change: Filters) => void;
}

/** The server's filters: they look through every run, not only those that are loaded. */
export function RunFilters({ filters, runs, onFilter }: Props) {
  const api = useApi();
  const strategies = useQuery({
    queryKey: ["strategies"],
    queryFn: ({ signal }) => data(api.GET("/strategies", { signal })),
    staleTime: 60_000,
  });
  const symbols = useQuery({
    queryKey: ["market", "symbols"],
    queryFn: ({ signal }) => data(api.GET("/market/symbols", { signal })),
    staleTime: 60_000,
  });
  const held = strategies.data?.strategies.map((each) => each.strategy_id) ?? [];
  const traded = symbols.data?.symbols.map((each) => each.symbol) ?? [];
  return (
    <search className={styles.filters} aria-label="Filter all runs">
      <Field label="Status">
        {(control) => (
          <select
            {...control}
            value={filters.status ?? ""}
            onChange={(event) => onFilter({ status: event.target.value })}
          >
            <option value="">Any</option>
            {STATUSES.map((status) => (
              <option key={status}>{status}</option>
            ))}
          </select>
        )}
      </Field>
      <TextFilter
        label="Strategy"
        value={filters.strategy}
        choices={[...held, ...runs.map((run) => run.strategy)]}
        onChange={(strategy) => onFilter({ strategy })}
      />
      <TextFilter
        label="Symbol"
        value={filters.symbol}
        choices={[...traded, ...runs.flatMap((run) => run.symbols)]}
        onChange={(symbol) => onFilter({ symbol })}
      />
      <TextFilter
        label="Tag"
        value={filters.tag}
        choices={runs.flatMap((run) => run.tags)}
        onChange={(tag) => onFilter({ tag })}
      />
    </search>
  );
}

interface TextFilterProps {
  label: string;
  value: string | undefined;
  choices: string[];
  onChange: (value: string) => void;
}

/** Asked for when it is complete, by Enter, by leaving it or by a choice: the server wants the whole word. */
function TextFilter({ label, value = "", choices, onChange }: TextFilterProps) {
  const list = useId();
  const sorted = [...new Set(choices)].sort();

  function give(text: string) {
    if (text.trim() !== value) onChange(text.trim());
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    if (event.key === "Enter") give(event.currentTarget.value);
    if (event.key === "Escape") event.currentTarget.value = value;
  }

  return (
    <Field label={label}>
      {(control) => (
        <>
          <input
            {...control}
            // Another value from the address begins anew.
            key={value}
            list={list}
            defaultValue={value}
            placeholder="Any"
            autoComplete="off"
            spellCheck={false}
            onKeyDown={onKeyDown}
            onBlur={(event) => give(event.currentTarget.value)}
            onChange={(event) => {
              // Emptied by hand, or chosen from the list.
              if (event.target.value === "" || isChoice(event.nativeEvent)) give(event.target.value);
            }}
          />
          <datalist id={list}>
            {sorted.map((choice) => (
              <option key={choice} value={choice} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

/** A proposal that was taken replaces the whole text; typing inserts into it. */
function isChoice(event: Event): boolean {
  return !(event instanceof InputEvent) || event.inputType === "insertReplacementText";
}
