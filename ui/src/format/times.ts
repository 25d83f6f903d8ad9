/** Times as text, in UTC as the engine reckons; the local time stands in a title (see components/Time). */

const WITH_SECONDS = /:\d\d:(?!00)/;

/** `2021-08-13 02:00`, with seconds where there are any. */
export function utc(iso: string | null | undefined): string {
  if (!iso) return "–";
  const text = new Date(iso).toISOString();
  return text.slice(0, WITH_SECONDS.test(text) ? 19 : 16).replace("T", " ");
}

export function utcDate(iso: string | null | undefined): string {
  return iso ? new Date(iso).toISOString().slice(0, 10) : "–";
}

export function local(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** `3 d 4 h`, `12 min`, `4.2 s`: the two largest units that say something. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 59.5) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const units: [string, number][] = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
  ];
  const parts: string[] = [];
  let left = Math.round(seconds / 60) * 60;
  for (const [name, length] of units) {
    const count = Math.floor(left / length);
    if (count > 0) parts.push(`${count} ${name}`);
    left -= count * length;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

export function hours(value: number | null | undefined): string {
  return duration(value === null || value === undefined ? value : value * 3600);
}

/** `12 s ago`, of a moment in the past. */
export function ago(iso: string, now = Date.now()): string {
  return `${duration(Math.max(0, (now - Date.parse(iso)) / 1000))} ago`;
}
