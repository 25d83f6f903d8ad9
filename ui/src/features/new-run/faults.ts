/** Faults at their fields: those of the form before it is sent, and those that the API answers. */
import type { Fault } from "@/features/new-run/request";

/** Return the messages by the form's field, and what has none. A part of a field is said with its name. */
export function atFields(
  faults: Fault[],
  fields: string[],
): { errors: Map<string, string>; others: Fault[] } {
  const errors = new Map<string, string>();
  const others: Fault[] = [];
  for (const fault of faults) {
    const field = fields
      .filter((name) => isWithin(fault.path, name))
      .reduce<string | null>((best, name) => (best && best.length >= name.length ? best : name), null);
    if (field === null) {
      others.push(fault);
      continue;
    }
    const part = fault.path.slice(field.length).replace(/^\./, "");
    const message = part && !/^\[\d+\]$/.test(part) ? `${part}: ${fault.message}` : fault.message;
    const before = errors.get(field);
    errors.set(field, before === undefined ? message : `${before}; ${message}`);
  }
  return { errors, others };
}

function isWithin(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);
}

/** The fields that the form shows now, in their order. */
export function fieldsShown(form: HTMLElement): string[] {
  return [...form.querySelectorAll<HTMLElement>("[data-path]")].map((part) => part.dataset.path ?? "");
}

/** Bring the first field with an error into view, out of its fold, and put the cursor there. */
export function focusFirst(form: HTMLElement, errors: ReadonlyMap<string, string>): void {
  const path = fieldsShown(form).find((name) => errors.has(name));
  if (path !== undefined) focusField(form, path);
}

export function focusField(form: HTMLElement, path: string): void {
  const part = [...form.querySelectorAll<HTMLElement>("[data-path]")].find(
    (one) => one.dataset.path === path,
  );
  if (!part) return;
  const fold = part.closest("details");
  if (fold) fold.open = true;
  // The field itself comes before the buttons that stand around it.
  const control = ['[aria-invalid="true"]', "input, select, textarea, [contenteditable=true]", "button"]
    .map((selector) => part.querySelector<HTMLElement>(selector))
    .find((found) => found !== null);
  (control ?? part).focus({ preventScroll: true });
  part.scrollIntoView({ block: "center" });
}
