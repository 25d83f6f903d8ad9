"""Step 3 of a backtest: make the results visible, all at once."""

from functions.publish.publish import publish_run
from functions.step import workflow_step

handler = workflow_step(
    lambda event: publish_run(event["owner"], event["run_id"], event["token"], event["manifest_key"])
)
