import { createContext, useContext, useSyncExternalStore } from "react";
import type { LiveSocket } from "@/api/live";

/** The page's socket; null where the stage has none. */
export const LiveContext = createContext<LiveSocket | null>(null);

const NEVER = { onChange: () => () => undefined, isUp: () => false };

/** Whether what changes is pushed; where it is not, it has to be asked for. */
export function useIsPushed(): boolean {
  const live = useContext(LiveContext) ?? NEVER;
  return useSyncExternalStore(live.onChange, live.isUp);
}
