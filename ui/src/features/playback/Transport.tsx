import { Button } from "@/components/Button";
import { Time } from "@/components/Time";
import { iso } from "@/features/playback/pages";
import { Segments } from "@/features/playback/Segments";
import styles from "@/features/playback/Transport.module.css";
import { type Mode, SPEEDS } from "@/features/playback/usePlayer";
import { utc } from "@/format/times";

interface Props {
  time: number;
  first: number;
  last: number;
  barMs: number;
  mode: Mode;
  isPlaying: boolean;
  isWaiting: boolean;
  speed: number;
  onScrub: (time: number) => void;
  onStep: (count: number) => void;
  onToggle: () => void;
  onFirst: () => void;
  onLast: () => void;
  onSpeed: (speed: number) => void;
}

/** Where it is, and what moves it. */
export function Transport(props: Props) {
  const { time, first, last, mode, isPlaying, isWaiting, speed } = props;
  const what = mode === "candles" ? "bar" : "event";
  return (
    <div className={styles.transport}>
      <input
        type="range"
        className={styles.position}
        aria-label="Position in the run"
        aria-valuetext={`${utc(iso(time))} UTC`}
        min={first}
        max={last}
        step={props.barMs}
        value={Math.min(last, Math.max(first, time))}
        onChange={(event) => props.onScrub(Number(event.target.value))}
      />
      <div className={styles.row}>
        <div className={styles.buttons}>
          <Button
            kind="quiet"
            icon="first"
            aria-label={`First ${what}`}
            title="Home"
            onClick={props.onFirst}
          />
          <Button
            kind="quiet"
            icon="back"
            aria-label={`Previous ${what}`}
            title="← · ten with Shift"
            onClick={() => props.onStep(-1)}
          />
          <Button
            kind="primary"
            icon={isPlaying ? "pause" : "play"}
            aria-label={isPlaying ? "Pause" : "Play"}
            title="Space"
            onClick={props.onToggle}
          />
          <Button
            kind="quiet"
            icon="forward"
            aria-label={`Next ${what}`}
            title="→ · ten with Shift"
            onClick={() => props.onStep(1)}
          />
          <Button kind="quiet" icon="last" aria-label={`Last ${what}`} title="End" onClick={props.onLast} />
        </div>
        <Segments
          label="Speed"
          options={SPEEDS.map((value) => ({ value, label: `${value}×` }))}
          value={speed}
          onChange={props.onSpeed}
        />
        <div className={styles.where}>
          <span className={styles.waiting} role="status">
            {isWaiting ? "Loading…" : ""}
          </span>
          <span className={styles.time}>
            <Time iso={iso(time)} /> UTC
          </span>
        </div>
      </div>
    </div>
  );
}
