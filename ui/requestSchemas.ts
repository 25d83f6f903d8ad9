import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const NAME = "virtual:request-schemas";
const OPENAPI = fileURLToPath(new URL("../functions/api/openapi.json", import.meta.url));
// What a form shows the ranges, defaults and meanings of; the whole document would be many times as large.
const WANTED = ["BacktestRequest", "RiskRequest", "BehaviourRequest", "CostsRequest", "FundingRequest"];

interface Schemas {
  [name: string]: { properties: Record<string, { examples?: unknown[] }> };
}

/** The fields of a backtest's request and the exchanges that can be asked, out of the OpenAPI document. */
export function requestSchemas(): Plugin {
  return {
    name: "request-schemas",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      this.addWatchFile(OPENAPI);
      const { schemas } = JSON.parse(readFileSync(OPENAPI, "utf8")).components as { schemas: Schemas };
      const chosen = Object.fromEntries(WANTED.map((name) => [name, schemas[name]?.properties]));
      const exchanges = schemas.FetchRequest?.properties.exchange?.examples ?? [];
      return `export const schemas = ${JSON.stringify(chosen)};\nexport const exchanges = ${JSON.stringify(exchanges)};`;
    },
  };
}
