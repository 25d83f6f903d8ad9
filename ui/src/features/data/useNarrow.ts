import { useSyncExternalStore } from "react";

const NARROW = "(max-width: 760px)";

/** Whether the page is as wide as a phone: tables then show what matters most, and the rest on a row's own page. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const query = matchMedia(NARROW);
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => matchMedia(NARROW).matches,
  );
}
