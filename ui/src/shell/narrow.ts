/** Whether the page is as narrow as a phone: the width at which styles move the places to the top. */
import { useSyncExternalStore } from "react";

const query = matchMedia("(max-width: 760px)");

export function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => query.matches,
  );
}
