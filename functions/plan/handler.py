"""Step 1 of a backtest: decide exactly what will be run."""

from functions.plan.plan import plan_run
from functions.step import workflow_step

handler = workflow_step(lambda event: plan_run(event["owner"], event["run_id"]))
