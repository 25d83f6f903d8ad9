import { useEffect, useRef, useState } from "react";

/** Follow a value that changes all the time: at most every `ms`, and once more when it rests. */
export function useSampled<T>(value: T, ms: number): T {
  const [sampled, setSampled] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + ms - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      setSampled(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return sampled;
}

/** Follow a value once it has rested for `ms`. */
export function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
