"""The budgets of the engine, measured as ratios in one process."""
