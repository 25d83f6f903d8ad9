import { useEffect, useRef } from "react";

export interface Keys {
  toggle: () => void;
  step: (count: number) => void;
  first: () => void;
  last: () => void;
}

/** The keys of a player, wherever the focus is, but for where they have a meaning of their own. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    let pointed = false;
    const point = () => {
      pointed = true;
    };
    function released(event: KeyboardEvent) {
      if (event.key === " " && pointed && event.target instanceof HTMLButtonElement) event.preventDefault();
    }
    function pressed(event: KeyboardEvent) {
      if (event.key === "Tab") pointed = false;
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const target = event.target instanceof HTMLElement ? event.target : null;
      if (target?.closest("dialog, select, textarea, input:not([type=range]), [contenteditable]")) return;
      const { toggle, step, first, last } = latest.current;
      const count = event.shiftKey ? 10 : 1;
      if (event.key === " ") {
        // On a button that was reached by keyboard it presses the button; one that was clicked is done with.
        if (!pointed && target?.closest("button, a, summary")) return;
        toggle();
      } else if (event.key === "ArrowRight") step(count);
      else if (event.key === "ArrowLeft") step(-count);
      else if (event.key === "Home") first();
      else if (event.key === "End") last();
      else return;
      event.preventDefault();
    }
    window.addEventListener("keydown", pressed);
    window.addEventListener("keyup", released);
    window.addEventListener("pointerdown", point);
    return () => {
      window.removeEventListener("keydown", pressed);
      window.removeEventListener("keyup", released);
      window.removeEventListener("pointerdown", point);
    };
  }, []);
}
