"""Step 2 of a backtest, as often as it takes: fold the strategy over the bars, write what comes of it."""

from functions.simulate.simulate import simulate_run
from functions.step import workflow_step

handler = workflow_step(lambda event: simulate_run(event["owner"], event["run_id"], event.get("reached")))
