/**
 * The page's addresses. They stand behind a `#`: a static host then needs no rule that answers every path with
 * the page, and the same files work below any path.
 */
import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { Broken, NotFound } from "@/shell/Broken";
import { Shell } from "@/shell/Shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/runs" });
  },
});

/** The form of a new run; `clone` fills it from a run, `strategy` chooses one, `dataset` its market. */
const newRun = createRoute({
  getParentRoute: () => root,
  path: "/new",
  validateSearch: (search: Record<string, unknown>) => ({
    ...text(search, "clone"),
    ...text(search, "strategy"),
    ...text(search, "dataset"),
  }),
  component: lazyRouteComponent(() => import("@/features/new-run/NewRunPage"), "NewRunPage"),
});

const strategies = createRoute({
  getParentRoute: () => root,
  path: "/strategies",
  validateSearch: (search: Record<string, unknown>) => ({ ...text(search, "kind"), ...text(search, "q") }),
  component: lazyRouteComponent(() => import("@/features/strategies/StrategiesPage"), "StrategiesPage"),
});

const strategy = createRoute({
  getParentRoute: () => root,
  path: "/strategies/$strategyId",
  validateSearch: (search: Record<string, unknown>) => number(search, "version"),
  component: lazyRouteComponent(() => import("@/features/strategies/StrategyPage"), "StrategyPage"),
});

/** A document to write; `from` is the strategy that it begins as. No strategy's address has two parts. */
const newStrategy = createRoute({
  getParentRoute: () => root,
  path: "/strategies/new/document",
  validateSearch: (search: Record<string, unknown>) => text(search, "from"),
  component: lazyRouteComponent(() => import("@/features/strategies/NewStrategyPage"), "NewStrategyPage"),
});

/** The next version of a strategy of one's own. */
const nextVersion = createRoute({
  getParentRoute: () => root,
  path: "/strategies/$strategyId/edit",
  component: lazyRouteComponent(() => import("@/features/strategies/EditStrategyPage"), "EditStrategyPage"),
});

/** The history; the filters are the server's, `q` searches within what is loaded. */
const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: (search: Record<string, unknown>) => ({
    ...text(search, "status"),
    ...text(search, "strategy"),
    ...text(search, "symbol"),
    ...text(search, "tag"),
    ...text(search, "q"),
    ...text(search, "sort"),
  }),
  component: lazyRouteComponent(() => import("@/features/runs/RunsPage"), "RunsPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  component: lazyRouteComponent(() => import("@/features/run/RunPage"), "RunPage"),
});

/** `tab`: overview, trades, sets, fills, breakdown, risk, configuration. */
const runTab = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId/$tab",
  component: lazyRouteComponent(() => import("@/features/run/RunPage"), "RunPage"),
});

/** `at`: the bar under the cursor, ISO 8601; `mode`: candles or events. */
const playback = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId/playback",
  validateSearch: (search: Record<string, unknown>) => ({
    ...text(search, "symbol"),
    ...text(search, "at"),
    ...text(search, "mode"),
  }),
  component: lazyRouteComponent(() => import("@/features/playback/PlaybackPage"), "PlaybackPage"),
});

/** `ids`: two to six runs, separated by commas; `align`: `start` lays them over each other, whenever they ran. */
const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare",
  validateSearch: (search: Record<string, unknown>) => ({
    ...text(search, "ids"),
    ...text(search, "align"),
  }),
  component: lazyRouteComponent(() => import("@/features/compare/ComparePage"), "ComparePage"),
});

/**
 * The datasets; `q`, `exchange` and `timeframe` filter them. `add`: fetch or import opens that form, filled in
 * with the dataset `of` (`binance.BTC-USDT.1h`), `since` and `until`.
 */
const data = createRoute({
  getParentRoute: () => root,
  path: "/data",
  validateSearch: (search: Record<string, unknown>) => ({
    ...text(search, "q"),
    ...text(search, "exchange"),
    ...text(search, "timeframe"),
    ...text(search, "add"),
    ...text(search, "of"),
    ...text(search, "since"),
    ...text(search, "until"),
  }),
  component: lazyRouteComponent(() => import("@/features/data/DataPage"), "DataPage"),
});

/** `at`: the bar that the chart shows, ISO 8601; the newest ones without it. */
const dataset = createRoute({
  getParentRoute: () => root,
  path: "/data/$datasetId",
  validateSearch: (search: Record<string, unknown>) => text(search, "at"),
  component: lazyRouteComponent(() => import("@/features/data/DatasetPage"), "DatasetPage"),
});

const operations = createRoute({
  getParentRoute: () => root,
  path: "/operations",
  component: lazyRouteComponent(() => import("@/features/operations/OperationsPage"), "OperationsPage"),
});

const workflow = createRoute({
  getParentRoute: () => root,
  path: "/operations/$workflowId",
  component: lazyRouteComponent(() => import("@/features/operations/WorkflowPage"), "WorkflowPage"),
});

const routes = root.addChildren([
  home,
  newRun,
  strategies,
  strategy,
  newStrategy,
  nextVersion,
  runs,
  run,
  playback,
  runTab,
  compare,
  data,
  dataset,
  operations,
  workflow,
]);

export function createPageRouter() {
  return createRouter({
    routeTree: routes,
    history: createHashHistory(),
    defaultErrorComponent: Broken,
    scrollRestoration: true,
    // The chunk of a page is asked for as soon as somebody points at its link.
    defaultPreload: "intent",
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createPageRouter>;
  }
}

function text<K extends string>(search: Record<string, unknown>, name: K): { [P in K]?: string } {
  const value = search[name];
  // The address bar's `1d` is text, its `12` is a number to the router.
  const read = typeof value === "number" ? String(value) : value;
  return (typeof read === "string" && read !== "" ? { [name]: read } : {}) as { [P in K]?: string };
}

function number<K extends string>(search: Record<string, unknown>, name: K): { [P in K]?: number } {
  const value = Number(search[name]);
  return (Number.isInteger(value) && value > 0 ? { [name]: value } : {}) as { [P in K]?: number };
}
