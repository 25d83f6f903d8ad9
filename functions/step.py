"""What every step of a workflow does around its work: log with the run's id, say errors in one form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shared.errors import RunRejectedError, StepfoldError

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

Event = Mapping[str, Any]
LOGGED_KEYS = ("run_id", "import_id", "fetch_id", "dataset_id", "owner")


@lru_cache(maxsize=1)
def logger() -> Logger:
    """Return this process's logger; its service name is the function's environment's."""
    from aws_lambda_powertools import Logger

    return Logger()


def subject_of(event: Event) -> Event:
    """Return what an event is about: itself, or the input of the execution that it tells of."""
    told = event.get("detail", {}).get("input")
    try:
        found = json.loads(told) if told else event
    except ValueError:
        return event
    return found if isinstance(found, dict) else event


def workflow_step(work: Callable[[Event], dict[str, Any]]) -> Callable[[Event, object], dict[str, Any]]:
    """Make a Lambda handler of a step.

    What Stepfold itself says is wrong becomes RunRejectedError, which the state machine does not retry;
    any other exception is a fault, which it does.
    """

    def handler(event: Event, context: object) -> dict[str, Any]:
        log = logger()
        about = subject_of(event)
        keys = {key: about[key] for key in LOGGED_KEYS if key in about}
        # This call's alone: the next one in the same process may be about another run, or about none.
        with log.append_context_keys(**keys, request_id=getattr(context, "aws_request_id", None)):
            return logged(log, event)

    def logged(log: Logger, event: Event) -> dict[str, Any]:
        try:
            answer = work(event)
        except RunRejectedError:
            log.warning("rejected", exc_info=True)
            raise
        except StepfoldError as error:
            log.warning("rejected", exc_info=True)
            raise RunRejectedError.wrap(error) from error
        except Exception:
            log.exception("fault")
            raise
        log.info("done")
        return answer

    return handler
