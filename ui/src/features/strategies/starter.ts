/** A document to begin with: small, valid, and with one of each of what most have. */
export const STARTER = `schema: 1
name: My strategy
description: Buys when the close crosses above its average, sells when it falls back below.
parameters:
  period: {type: int, default: 50, min: 5, max: 400}
indicators:
  average: sma(close, $period)
triggers:
  - id: cross
    category: trend_continuation
    entry: crosses_above(close, average)
    exit: close < average
    stop: {percent: 3}
sizing: {mode: risk, risk_pct: 1}
`;
