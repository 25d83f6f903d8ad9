/** The groups of a breakdown in words and in their order. */
const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/** Weekdays in the order of the week. */
export function orderOf(value: unknown): string | number | undefined {
  const day = WEEKDAYS.indexOf(String(value));
  return day >= 0 ? day : value === null ? undefined : String(value);
}

export function wordsOf(value: unknown, key: string): string {
  if (value === null || value === undefined) return "initial allocation";
  const text = String(value);
  if (key === "hour") return `${text}:00`;
  if (key === "weekday") return text.charAt(0).toUpperCase() + text.slice(1);
  return key === "exit_reason" ? text.replaceAll("_", " ") : text;
}
