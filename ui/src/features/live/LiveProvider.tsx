import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useContext, useEffect, useMemo } from "react";
import { data } from "@/api/client";
import { useApi, useConfig } from "@/api/context";
import { LiveSocket, type Socket } from "@/api/live";
import { useToken } from "@/api/token";
import { apply, catchUp, liveKey } from "@/features/live/apply";
import { NOTHING, type Provisional } from "@/features/live/provisional";
import { LiveContext } from "@/features/live/pushed";

/** Keep the page's one socket open while somebody may listen: on a stage with a login, who is signed in. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const api = useApi();
  const { webSocketUrl, login } = useConfig();
  const queries = useQueryClient();
  const held = useToken();
  const live = useMemo(() => {
    if (webSocketUrl === null) return null;
    return new LiveSocket({
      async address() {
        const url = `${webSocketUrl}/live`;
        if (login === null) return url;
        const { ticket } = await data(api.POST("/live/tickets"));
        return `${url}?ticket=${ticket}`;
      },
      connect: (address) => new WebSocket(address) as Socket,
      hear: (message) => apply(queries, message),
    });
  }, [api, queries, webSocketUrl, login]);
  const allowed = login === null || held !== null;
  useEffect(() => {
    if (live === null || !allowed) return undefined;
    const forget = live.onChange(() => {
      // What changed while there was no socket was pushed to nobody, the moments before the first one too.
      if (live.isUp()) catchUp(queries);
    });
    live.start();
    return () => {
      forget();
      live.stop();
    };
  }, [live, allowed, queries]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

/** Listen to all that a run under way does; return the newest of it. */
export function useProvisional(runId: string): Provisional {
  const live = useContext(LiveContext);
  useEffect(() => live?.watch(runId), [live, runId]);
  const { data: held } = useQuery<Provisional>({
    queryKey: liveKey(runId),
    // Nothing is asked: it is filled by what is pushed.
    queryFn: () => NOTHING,
    enabled: false,
  });
  return held ?? NOTHING;
}
