import styles from "@/features/data/CoverageStrip.module.css";
import { type Axis, holes, stripe, ticks } from "@/features/data/coverage";

const HEIGHT = 14;

interface Props {
  start: string;
  end: string;
  gaps: { start: string; end: string }[];
  barMs: number;
  axis: Axis;
  width: number;
  label: string;
}

/** A dataset on the time axis that it shares with others: a band that is held, marks where bars are missing. */
export function CoverageStrip({ start, end, gaps, barMs, axis, width, label }: Props) {
  const held = stripe({ start, end }, axis, width);
  return (
    <svg
      className={styles.strip}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      style={{ maxWidth: width }}
      role="img"
      aria-label={label}
    >
      <line className={styles.axis} x1={0} x2={width} y1={HEIGHT / 2} y2={HEIGHT / 2} />
      <rect className={styles.held} x={held.x} width={held.width} y={4} height={HEIGHT - 8} rx={1} />
      {holes(gaps, barMs, axis, width).map(({ x, width: wide }) => (
        <g key={x}>
          <rect className={styles.hole} x={x} width={wide} y={2} height={HEIGHT - 4} />
          <rect className={styles.mark} x={x} width={wide} y={0} height={3} />
          <rect className={styles.mark} x={x} width={wide} y={HEIGHT - 3} height={3} />
        </g>
      ))}
    </svg>
  );
}

/** The dates below, or above, of all strips of one axis. */
export function TimeAxis({ axis, width }: { axis: Axis; width: number }) {
  return (
    <svg
      className={styles.strip}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      style={{ maxWidth: width }}
      role="presentation"
    >
      {ticks(axis, width).map(({ x, label }) => (
        <g key={label}>
          <line className={styles.tick} x1={x} x2={x} y1={1} y2={HEIGHT} />
          <text x={x + 3} y={11} textAnchor={x > width - 34 ? "end" : "start"} dx={x > width - 34 ? -6 : 0}>
            {label}
          </text>
        </g>
      ))}
    </svg>
  );
}
