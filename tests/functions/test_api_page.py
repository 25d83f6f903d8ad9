"""docs/api.md says what the API does: its requests are sent, its answers compared."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.functions.api_stage import run_to_its_end
from tests.functions.conftest import Finished
from tests.functions.test_api_openapi import PATHS

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
BODIES = [json.loads(body) for body in re.findall(r"-d '([^']+)'", PAGE)]


def shown_after(command: str) -> list[str]:
    """Return the pieces of the answer shown under a command, without what it leaves out."""
    comment = re.search(re.escape(command) + r".*\n((?:# .*\n)+)", PAGE)
    assert comment is not None, command
    text = re.sub(r"(?m)^# +(\d{3} )?|\n", "", comment[1])
    return [piece.strip(",") for piece in re.split(r"…,?", text) if piece.strip(",{}[]")]


def test_every_path_of_the_page_is_a_path_of_the_api() -> None:
    known = {path.split("{")[0].split("?")[0] for path in PATHS}
    named = re.findall(r"(?:GET|POST|PUT|PATCH|DELETE)`?,? ?`?(?:DELETE )?(/[a-z_/]+)", PAGE)
    assert len(named) > 15
    assert set(named) - {"/openapi"} <= known
    last = {path.rsplit("/", 1)[-1] for path in PATHS}
    words = re.search(r"`GET /backtests/\{run_id\}/progress`(.*?)\|", PAGE)
    assert words is not None
    assert set(re.findall(r"`([a-z_]+)`", words[1])) <= last


def test_its_requests_get_the_answers_it_shows(finished: Finished) -> None:
    http = finished.http
    fetched, imported, started, terms, saved, changed, refused = BODIES
    answer = http.post("/datasets", json=fetched)
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    begun = http.post("/datasets", json=imported)
    assert begun.status_code == 201
    assert list(begun.json()) == [
        "dataset_id",
        "import_id",
        "status",
        "upload",
        "max_bytes",
        "expires_at",
    ]
    answer = http.post("/backtests", json=started, headers={"Idempotency-Key": "ema-1"})
    assert answer.status_code == 202
    for piece in ('"status":"queued"', '"name":"first"', '"strategy":"ema_cross"', '"final_equity":null'):
        assert piece in PAGE
        assert piece in answer.text
    path = f"/backtests/{answer.json()['run_id']}"
    run_to_its_end(answer.json()["run_id"])
    for command in ("/results", "/equity?points=500&format=columns", "/playback/state/2021-03-10T02:00:00Z"):
        text = http.get(path + command).text
        # The figures are those of some market; the fields are those of every answer.
        fields = re.findall(r'"(\w+)":', "".join(shown_after(command)))
        assert len(fields) >= 4
        assert all(f'"{field}":' in text for field in fields), command
    for status, command, answer in (
        (201, '"id": "my_cross"', http.post("/strategies", json=saved)),
        (200, '"if_version": 1', http.put("/strategies/my_cross", json=changed)),
    ):
        assert answer.status_code == status
        shown = re.search(rf"{command}[^#]*\n# {status} \{{([^…]+),", PAGE)
        assert shown is not None
        assert shown[1] in answer.text
    # What these candles do not have: the period and the minutes.
    held = http.post("/backtests", json={**terms, "regime": None, "finer_timeframe": None})
    assert held.status_code == 202, held.text
    problem = http.post("/backtests", json=refused)
    assert problem.status_code == 422
    assert problem.text == "".join(shown_after('"strategy": "ema_cros"}\''))
