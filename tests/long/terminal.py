"""`stepfold watch` as a process of its own, whose words are kept with the moments at which they came."""

from __future__ import annotations

import json
import subprocess
import time

from tests.e2e.command_line import COMMAND, environment
from tests.e2e.local_stack import LocalStack
from tests.long.sightings import Sighting


class Terminal:
    """Keeps what the command says of a run, a line of JSON for each message, until it ends by itself."""

    def __init__(self, stack: LocalStack, run_id: str) -> None:
        self._process = subprocess.Popen(
            [COMMAND, "--json-logs", "watch", run_id, "--json"],
            env=environment(stack.api_url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self.said: list[str] = []
        self.seen: list[Sighting] = []

    def run(self) -> str:
        """Listen until the command ends by itself; return the status of the run that it ends with."""
        with self._process as process:
            assert process.stderr is not None
            assert process.stdout is not None
            for line in process.stderr:
                at = time.time()
                self.said.append(line)
                entry = json.loads(line)
                if "progress_pct" in entry:
                    self.seen.append(Sighting(at, entry["progress_pct"], entry["phase"]))
            out = process.stdout.read()
        assert process.returncode == 0, (process.returncode, self.said[-5:])
        return str(json.loads(out)["status"])

    def kill(self) -> None:
        self._process.kill()
