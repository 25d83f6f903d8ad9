import { createContext, type ReactNode, useContext, useMemo } from "react";
import { type Api, createApi } from "@/api/client";
import type { Config } from "@/config";

const ApiContext = createContext<{ api: Api; config: Config } | null>(null);

export function ApiProvider({ config, children }: { config: Config; children: ReactNode }) {
  const value = useMemo(() => ({ api: createApi(config), config }), [config]);
  return <ApiContext value={value}>{children}</ApiContext>;
}

export function useApi(): Api {
  return useHeld().api;
}

export function useConfig(): Config {
  return useHeld().config;
}

function useHeld() {
  const held = useContext(ApiContext);
  if (held === null) throw new Error("used outside of ApiProvider");
  return held;
}
