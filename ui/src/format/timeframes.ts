/** The length of a bar by its name, `15m`, `4h`, `1d`. */
const UNITS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export function timeframeMs(name: string): number {
  return Number(name.slice(0, -1)) * (UNITS[name.slice(-1)] ?? Number.NaN);
}

/** Whether bars of one timeframe can be made of another's. */
export function madeOf(timeframe: string, finer: string): boolean {
  return timeframeMs(timeframe) % timeframeMs(finer) === 0;
}
