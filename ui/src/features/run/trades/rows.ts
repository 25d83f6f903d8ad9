/** All rows of a series for a table, page after page, without the page ever standing still. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useApi } from "@/api/context";
import { FOREVER } from "@/api/queries";
import type { Fetch, Page } from "@/features/run/trades/pages";

/** The first page is small, so that there is something to read at once. */
const FIRST_ROWS = 500;
const PAGE_ROWS = 10_000;
/** So many are loaded unasked. */
const UNASKED_ROWS = 150_000;

export interface AllRows<Row> {
  rows: Row[];
  /** How many have arrived; `rows` follows. */
  loaded: number;
  /** Nothing is left to load. */
  complete: boolean;
  /** The next page is on its way, or will be. */
  loading: boolean;
  /** More are there than are loaded unasked: load as many again. */
  more: (() => void) | null;
  error: unknown;
  retry: () => void;
  isPending: boolean;
}

/**
 * `unasked`: how many rows to load without being asked; those beyond come by `more`.
 * Rows are handed on when they have doubled, or are complete: a table sorts all of them anew each time.
 */
export function useAllRows<Row>(
  name: string,
  runId: string,
  fetch: Fetch<Row>,
  unasked: number = UNASKED_ROWS,
): AllRows<Row> {
  const api = useApi();
  const [bound, setBound] = useState(unasked);
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, isError, error, isPending, refetch } =
    useInfiniteQuery({
      queryKey: ["rows", name, runId],
      queryFn: ({ pageParam, signal }) =>
        fetch(api, runId, pageParam, pageParam === null ? FIRST_ROWS : PAGE_ROWS, signal),
      initialPageParam: null as string | null,
      getNextPageParam: (page: Page<Row>) => page.next,
      // Rows never change: two trees of 100,000 need not be compared.
      structuralSharing: false,
      ...FOREVER,
    });
  const pages = data?.pages;
  const loaded = pages?.reduce((sum, page) => sum + page.rows.length, 0) ?? 0;
  const complete = pages !== undefined && !hasNextPage;
  const wants = hasNextPage && loaded < bound && !isError;
  useEffect(() => {
    if (wants && !isFetchingNextPage) void fetchNextPage();
  }, [wants, isFetchingNextPage, fetchNextPage]);

  const [shown, setShown] = useState(0);
  const due = loaded >= 2 * shown || !wants ? loaded : shown;
  if (due !== shown) setShown(due);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the pages before `shown` stay what they are
  const rows = useMemo(() => {
    const found: Row[] = [];
    for (const page of pages ?? []) {
      if (found.length >= shown) break;
      for (const row of page.rows) found.push(row);
    }
    return found;
  }, [shown]);

  return {
    rows,
    loaded,
    complete,
    loading: wants || isFetchingNextPage,
    more: hasNextPage && !wants ? () => setBound(loaded + unasked) : null,
    error: isError ? error : null,
    retry: () => void (pages ? fetchNextPage() : refetch()),
    isPending,
  };
}
