import { useEffect, useRef } from "react";

/** Call `tick` with the seconds since the last frame, each frame while it runs. */
export function useTicker(isRunning: boolean, tick: (seconds: number) => void): void {
  const latest = useRef(tick);
  useEffect(() => {
    latest.current = tick;
  });
  useEffect(() => {
    if (!isRunning) return undefined;
    let last = performance.now();
    let frame = requestAnimationFrame(next);
    function next(now: number) {
      // A tab that was hidden for a while does not run after what it missed.
      latest.current(Math.min(0.25, Math.max(0, (now - last) / 1000)));
      last = now;
      frame = requestAnimationFrame(next);
    }
    return () => cancelAnimationFrame(frame);
  }, [isRunning]);
}
