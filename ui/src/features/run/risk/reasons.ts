/** Why a decision did not become a fill, as docs/fills.md says it; a reason that is not here still has its name. */
const WHY: Record<string, string> = {
  end_of_data: "No bar came to fill it",
  outranked: "Another rule, or an order of the run's own, became the symbol's order",
  insufficient_cash: "Cash bought less than the minimum, or nothing",
  min_notional: "The order itself was too small",
  daily_loss: "Equity was at or under what the day may lose",
  trades_per_day: "The run had its entries of the day",
  triggers_per_symbol_day: "The symbol had its entries of the day",
  daily_risk_budget: "The day's risk was used up",
  position_risk: "The risk allowed was too small for an order",
  symbol_exposure: "The symbol's cap left too little",
  portfolio_exposure: "The portfolio's cap left too little",
  stop_missing: "A level, or the ATR in a stop's place, had no value yet",
  stop_beyond_entry: "The stop would be at the entry or on its wrong side",
  target_beyond_entry: "The target would be at the entry or on its wrong side",
  price_missing: "A resting order's price, or the volatility to size by, had no value yet",
  reward_to_risk: "The target was too near for the stop",
  min_hold: "Too early to close",
  min_flat: "Too early to enter again",
  min_price_move: "Too near to the symbol's last fill",
  hold_rule: "The hold rule of the trigger that opened was true",
  exit_binding: "The exit may not close what another trigger opened",
  conflict_ignored: "An entry against the position, which is ignored",
  conflict_deferred: "An entry against the position, kept until the symbol is flat",
  conflict: "A resting entry met a position that it may not add to",
  risk_off_latched: "No entries of this symbol until the day ends",
  walked_away: "No entries for the rest of the run",
  replaced: "Another entry took the resting order's place",
  expired: "The resting order was not reached in time",
  position_closed: "The position that it would have added to was gone",
};

export function reasonWords(code: string): { name: string; why: string | undefined } {
  return { name: code.replaceAll("_", " "), why: WHY[code] };
}

export function blockedInAll(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
