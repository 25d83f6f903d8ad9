/** Line icons on a grid of 16, drawn in the colour of the text; they only ever accompany words or a label. */
const PATHS = {
  plus: "M8 3v10M3 8h10",
  list: "M3 4h10M3 8h10M3 12h10",
  document: "M4 2h5l3 3v9H4zM9 2v3h3M6 8h4M6 11h4",
  candles: "M4 2v12M12 2v12M2.5 5h3v6h-3zM10.5 4h3v5h-3z",
  pulse: "M1.5 8h3l2-5 3 10 2-5h3",
  sun: "M8 5a3 3 0 100 6 3 3 0 000-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  moon: "M13 9.5A5.5 5.5 0 016.5 3a5.5 5.5 0 106.5 6.5z",
  close: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.5l3.5 3.5L13 5",
  cross: "M4 4l8 8M12 4l-8 8",
  play: "M5 3l8 5-8 5z",
  pause: "M5 3v10M11 3v10",
  back: "M10 3L5 8l5 5",
  forward: "M6 3l5 5-5 5",
  first: "M11 3L6 8l5 5M4 3v10",
  last: "M5 3l5 5-5 5M12 3v10",
  search: "M7 2.5a4.5 4.5 0 100 9 4.5 4.5 0 000-9M10.5 10.5L14 14",
  download: "M8 2v8M4.5 7L8 10.5 11.5 7M3 13.5h10",
  trash: "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5L5 13.5h6l.5-9",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  edit: "M3 13l.5-2.5L11 3l2 2-7.5 7.5z",
  warning: "M8 2l6.5 11.5h-13zM8 6.5v3.5M8 11.8v.2",
  chevron: "M4 6l4 4 4-4",
  calendar: "M2.5 3.5h11v10h-11zM2.5 6.5h11M5.5 2v3M10.5 2v3",
  external: "M6 3H3v10h10v-3M9 3h4v4M13 3L7.5 8.5",
  refresh: "M13 8a5 5 0 11-1.5-3.5M13 2v3h-3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" style={{ flex: "none" }}>
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
