/** Server state lives in TanStack Query and nowhere else; these are its rules. */
import { QueryClient } from "@tanstack/react-query";
import { isPassing } from "@/api/errors";

const MOST_TRIES = 3;

export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // What a request itself is wrong about stays wrong; only a fault that passes is worth asking again.
        retry: (failed, error) => isPassing(error) && failed < MOST_TRIES,
        retryDelay: (failed) => Math.min(1000 * 2 ** failed, 8000),
        staleTime: 5_000,
        // The page says itself what it thinks of the network: "offline" of a browser knows nothing of loopback.
        networkMode: "always",
        // A run's results never change, and a table must not jump when its tab is looked at again.
        refetchOnWindowFocus: false,
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** For what never changes once it exists: results, equity, trades, candles of a run. */
export const FOREVER = { staleTime: Number.POSITIVE_INFINITY, gcTime: 10 * 60_000 } as const;
