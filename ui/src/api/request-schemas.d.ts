/** Out of the OpenAPI document while the page is built: see requestSchemas.ts. */
declare module "virtual:request-schemas" {
  type RequestName =
    | "BacktestRequest"
    | "RiskRequest"
    | "BehaviourRequest"
    | "CostsRequest"
    | "FundingRequest";

  /** One property of a request, as JSON Schema says it. */
  export interface PropertySchema {
    type?: string;
    enum?: string[];
    anyOf?: PropertySchema[];
    minimum?: number;
    maximum?: number;
    exclusiveMinimum?: number;
    default?: unknown;
    description?: string;
  }

  export const schemas: Record<RequestName, Record<string, PropertySchema>>;
  /** Names of the exchanges that candles can be fetched from. */
  export const exchanges: string[];
}
