import { Fragment } from "react";
import { Stroke } from "@/chart/CompareChart";
import type { Compared } from "@/features/compare/Curves";
import styles from "@/features/compare/Side.module.css";

interface Props {
  compared: Compared[];
  first: string;
  /** The columns hold figures. */
  numeric?: boolean;
}

/** The heads of a table with a column a run: the same letters and strokes as the chart's. */
export function RunHeads({ compared, first, numeric = false }: Props) {
  return (
    <thead>
      <tr>
        <th scope="col">{first}</th>
        {compared.map(({ run, letter, place }) => (
          <th key={run.run_id} scope="col" className={numeric ? "num" : undefined}>
            <div className={styles.head}>
              <Stroke place={place} />
              {letter}
            </div>
            <div className={styles.title} title={run.name ?? run.strategy}>
              {run.name ?? run.strategy}
            </div>
            <div className={styles.below}>
              {run.symbols.map((symbol) => (
                <Fragment key={symbol}>
                  <span>{symbol}</span>{" "}
                </Fragment>
              ))}
              <span>{run.timeframe}</span>
            </div>
          </th>
        ))}
      </tr>
    </thead>
  );
}
