import { local, utc, utcDate } from "@/format/times";

interface Props {
  iso: string | null | undefined;
  /** Only the day. */
  date?: boolean;
  /** To the minute, though it has seconds: of when something was begun, not of a bar. */
  minute?: boolean;
}

/** A moment in UTC; the local time is in its title. */
export function Time({ iso, date = false, minute = false }: Props) {
  if (!iso) return <span className="muted">–</span>;
  return (
    <time dateTime={iso} title={`${utc(iso)} UTC · here ${local(iso)}`}>
      {date ? utcDate(iso) : minute ? utc(iso).slice(0, 16) : utc(iso)}
    </time>
  );
}
