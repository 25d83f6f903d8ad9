import { useMemo } from "react";
import styles from "@/features/run/overview/Distribution.module.css";
import { type Class, histogram } from "@/features/run/overview/histogram";
import { integer } from "@/format/numbers";

const [WIDTH, HEIGHT, FOOT] = [440, 170, 20];

interface Props {
  values: ArrayLike<number>;
  write: (value: number) => string;
  label: string;
}

/** Bars of classes of values, red below zero and green above, which is on the axis too. */
export function Histogram({ values, write, label }: Props) {
  const classes = useMemo(() => histogram(Array.from(values)), [values]);
  const most = Math.max(1, ...classes.map((each) => each.count));
  const step = WIDTH / Math.max(1, classes.length);
  const zero = classes.findIndex((each) => each.from >= -1e-12 * (each.to - each.from));
  const zeroAt = (zero < 0 ? classes.length : zero) * step;
  const place = (count: number) => ((HEIGHT - FOOT - 8) * count) / most;
  const labelled = new Set([0, Math.round(classes.length / 4), Math.round((3 * classes.length) / 4)]);
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className={styles.histogram} role="img" aria-label={label}>
      {classes.map((each, i) => (
        <rect
          key={each.from}
          className={each.to <= 1e-12 ? styles.lost : styles.won}
          x={i * step + 0.75}
          width={Math.max(1, step - 1.5)}
          y={HEIGHT - FOOT - place(each.count)}
          height={place(each.count)}
        >
          <title>{`${spanOf(each, write)}: ${integer(each.count)}`}</title>
        </rect>
      ))}
      <path d={`M0 ${HEIGHT - FOOT}H${WIDTH}`} className={styles.axis} />
      <path d={`M${zeroAt} 0V${HEIGHT - FOOT + 4}`} className={styles.zero} />
      {classes.map((each, i) => {
        const x = i * step;
        if (!labelled.has(i) || Math.abs(x - zeroAt) < 46) return null;
        return (
          <text key={each.from} x={x} y={HEIGHT - 5} textAnchor={i === 0 ? "start" : "middle"}>
            {write(each.from)}
          </text>
        );
      })}
      <text
        x={zeroAt}
        y={HEIGHT - 5}
        textAnchor={zeroAt < 12 ? "start" : zeroAt > WIDTH - 12 ? "end" : "middle"}
      >
        0
      </text>
      {WIDTH - zeroAt > 46 && (
        <text x={WIDTH} y={HEIGHT - 5} textAnchor="end">
          {write(classes.at(-1)?.to ?? 0)}
        </text>
      )}
    </svg>
  );
}

export function spanOf(each: Class, write: (value: number) => string): string {
  if (each.open === "below") return `below ${write(each.to)}`;
  if (each.open === "above") return `from ${write(each.from)}`;
  return `${write(each.from)} to ${write(each.to)}`;
}
