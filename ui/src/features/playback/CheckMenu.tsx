import { type SyntheticEvent, useEffect, useRef } from "react";
import { Icon } from "@/components/Icon";
import styles from "@/features/playback/CheckMenu.module.css";

export interface Option {
  id: string;
  label: string;
  /** What stands above the first of its kind. */
  group?: string;
  colour?: string;
}

interface Props {
  label: string;
  /** On the button, in place of the label alone. */
  summary: string;
  options: Option[];
  chosen: string[];
  onChange: (chosen: string[]) => void;
  /** Which edge of the list is the button's. */
  align?: "start" | "end";
}

/** Unfold upwards where there is no room below. */
function place(event: SyntheticEvent<HTMLDetailsElement>): void {
  const menu = event.currentTarget;
  const height = menu.querySelector("fieldset")?.offsetHeight ?? 0;
  const { top, bottom } = menu.getBoundingClientRect();
  menu.dataset.up = String(window.innerHeight - bottom < height + 12 && top > height + 12);
}

/** A button that unfolds a list to choose several of. */
export function CheckMenu({ label, summary, options, chosen, onChange, align = "end" }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    function close(event: Event) {
      const open = menu.current;
      if (!open?.open) return;
      if (event instanceof KeyboardEvent) {
        if (event.key !== "Escape") return;
        if (open.contains(document.activeElement)) open.querySelector("summary")?.focus();
      } else if (event.target instanceof Node && open.contains(event.target)) return;
      open.open = false;
    }
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
  const toggle = (id: string) =>
    onChange(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <details ref={menu} className={styles.menu} data-align={align} onToggle={place}>
      <summary className={styles.button} aria-label={`${label}: ${summary}`}>
        {summary}
        <Icon name="chevron" size={12} />
      </summary>
      <fieldset className={styles.list}>
        <legend className="visually-hidden">{label}</legend>
        {options.map((option, index) => (
          <div key={option.id}>
            {option.group && option.group !== options[index - 1]?.group && (
              <div className={styles.group}>{option.group}</div>
            )}
            <label className={styles.option}>
              <input
                type="checkbox"
                checked={chosen.includes(option.id)}
                onChange={() => toggle(option.id)}
              />
              {option.colour && (
                <span className={styles.swatch} style={{ background: `var(--${option.colour})` }} />
              )}
              {option.label}
            </label>
          </div>
        ))}
      </fieldset>
    </details>
  );
}
