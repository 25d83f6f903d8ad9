import { local, utc, utcDate } from "@/format/times";

/** A moment in UTC; the local time is in its title. */
export function Time({ iso, date = false }: { iso: string | null | undefined; date?: boolean }) {
  if (!iso) return <span className="muted">–</span>;
  return (
    <time dateTime={iso} title={`${utc(iso)} UTC · here ${local(iso)}`}>
      {date ? utcDate(iso) : utc(iso)}
    </time>
  );
}
