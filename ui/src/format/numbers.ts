/**
 * Figures as text. All take null and undefined, which the API uses for "not defined" (it says why beside them),
 * and give an en dash for it. A sign is written out, so that colour is never the only carrier.
 */
const NONE = "–";
const MINUS = "−";

type Figure = number | null | undefined;

const formats = new Map<string, Intl.NumberFormat>();

function format(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.NumberFormat("en-US", options);
    formats.set(key, made);
  }
  return made;
}

function write(value: Figure, options: Intl.NumberFormatOptions, suffix = ""): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  // A loss of less than a cent is no "−0.00".
  return (
    format({ signDisplay: "negative", ...options })
      .format(value)
      .replace("-", MINUS) + suffix
  );
}

/** Money of the quote currency, to the cent. */
export function money(value: Figure): string {
  return write(value, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

export function signedMoney(value: Figure): string {
  return write(value, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
}

/** A value that is in percent already. */
export function percent(value: Figure, digits = 2): string {
  return write(value, { minimumFractionDigits: digits, maximumFractionDigits: digits }, " %");
}

export function signedPercent(value: Figure, digits = 2): string {
  return write(
    value,
    { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" },
    " %",
  );
}

export function decimal(value: Figure, digits = 2): string {
  return write(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function integer(value: Figure): string {
  return write(value, { maximumFractionDigits: 0 });
}

/** A price or a quantity: as many digits as say something, never more than eight. */
export function price(value: Figure): string {
  if (value === null || value === undefined) return NONE;
  const size = Math.abs(value);
  const digits = size >= 1000 ? 2 : size >= 1 ? 4 : 8;
  return write(value, { minimumFractionDigits: size >= 1000 ? 2 : 0, maximumFractionDigits: digits });
}

export function quantity(value: Figure): string {
  return write(value, { maximumSignificantDigits: 8 });
}

/** Bytes, in the units of 1024. */
export function bytes(value: Figure): string {
  if (value === null || value === undefined) return NONE;
  const units = ["B", "KiB", "MiB", "GiB"];
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${write(size, { maximumFractionDigits: unit === 0 ? 0 : 1 })} ${units[unit]}`;
}

/** The class that colours a figure by its sign; zero and nothing have none. */
export function tone(value: Figure): "up" | "down" | "" {
  if (!value) return "";
  return value > 0 ? "up" : "down";
}
