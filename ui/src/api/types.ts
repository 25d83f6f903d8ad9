/** Short names of the API's shapes; what they hold is the OpenAPI document's business. */
import type { components } from "@/api/schema";

type Schemas = components["schemas"];

export type BacktestRequest = Schemas["BacktestRequest"];
export type Run = Schemas["RunAnswer"];
export type RunPage = Schemas["RunPage"];
export type Progress = Schemas["ProgressAnswer"];
export type Results = Schemas["ResultsAnswer"];
export type Report = Schemas["ReportAnswer"];
export type Fill = Schemas["TradeRow"];
export type PairedTrade = Schemas["PairedTradeRow"];
export type TradeSet = Schemas["TradeSetRow"];
export type RunEvent = Schemas["NotedEvent"];
export type EventRow = Schemas["EventRow"];
export type State = Schemas["StateAnswer"];
export type Why = Schemas["WhyAnswer"];
export type Dataset = Schemas["DatasetAnswer"];
export type DatasetDetail = Schemas["DatasetDetail"];
export type Strategy = Schemas["StrategyAnswer"];
export type StrategySummary = Schemas["StrategySummary"];
export type Compare = Schemas["CompareAnswer"];
export type Workflow = Schemas["WorkflowAnswer"];
export type Status = Schemas["StatusAnswer"];
