import { useQuery } from "@tanstack/react-query";
import { data } from "@/api/client";
import { useApi } from "@/api/context";

export function useHeldSymbols() {
  const api = useApi();
  return useQuery({
    queryKey: ["market", "symbols"],
    queryFn: ({ signal }) => data(api.GET("/market/symbols", { signal })),
    select: (answer) => answer.symbols,
  });
}

export function useRegimes() {
  const api = useApi();
  return useQuery({
    queryKey: ["market", "regimes"],
    queryFn: ({ signal }) => data(api.GET("/market/regimes", { signal })),
    select: (answer) => answer.regimes,
    staleTime: Number.POSITIVE_INFINITY,
  });
}
