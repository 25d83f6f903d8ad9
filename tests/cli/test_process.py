"""The command line as a process: pipes, terminals, ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.fake_api import FakeApi

STEPFOLD = (sys.executable, "-c", "from cli.main import main; main()")
RUN = ("run", "ema_cross", "--symbol", "BTC-USDT", "--timeframe", "1h")


@pytest.fixture
def environment(api: FakeApi, tmp_path: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    root = str(Path(__file__).parents[2])
    return {
        **kept,
        "PYTHONPATH": root,
        "PYTHONWARNINGS": "error",
        "STEPFOLD_API_URL": api.url,
        "STEPFOLD_HOME": str(tmp_path),
        "COLUMNS": "80",
        "TERM": "xterm-256color",
    }


def test_ctrl_c_leaves_the_run_going_and_says_how_to_come_back(
    api: FakeApi, environment: dict[str, str]
) -> None:
    api.polls = None
    process = subprocess.Popen(
        [*STEPFOLD, *RUN, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert api.polled.wait(20)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)

    (run_id,) = api.runs
    assert process.returncode == 130
    assert out == ""
    assert f"stepfold watch {run_id}" in err
    assert f"stepfold cancel {run_id}" in err
    assert "Traceback" not in err
    assert api.runs[run_id]["status"] == "queued"
    assert not any(request.path.endswith("/cancel") for request in api.requests)


def test_a_pipe_gets_no_colours_and_no_spinner(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [*STEPFOLD, *RUN], env=environment, capture_output=True, encoding="utf-8", check=False, timeout=30
    )

    assert ran.returncode == 0
    assert "⣀" in ran.stdout or "⡀" in ran.stdout
    assert "\x1b" not in ran.stdout + ran.stderr
    assert "\r" not in ran.stdout + ran.stderr


def test_a_pipe_that_is_not_utf_8_gets_the_sketch_in_ascii(environment: dict[str, str]) -> None:
    ran = subprocess.run(
        [*STEPFOLD, "run", *RUN[1:], "--name", "x"],
        env={**environment, "PYTHONIOENCODING": "ascii:replace"},
        capture_output=True,
        encoding="ascii",
        check=False,
        timeout=30,
    )

    assert ran.returncode == 0
    assert "100,000 |" in ran.stdout


def test_a_terminal_gets_a_bar_while_the_json_goes_to_the_pipe(environment: dict[str, str]) -> None:
    terminal, side = pty.openpty()
    process = subprocess.Popen(
        [*STEPFOLD, *RUN, "--json"], env=environment, stdout=subprocess.PIPE, stderr=side, stdin=side
    )
    os.close(side)
    shown = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not piece:
            break
        shown += piece
    out, _ = process.communicate(timeout=20)
    os.close(terminal)

    assert process.returncode == 0
    assert json.loads(out)["status"] == "completed"
    assert "━" in shown.decode()
    assert "100%" in shown.decode()
    assert b"\x1b" in shown
    # The bar got shorter with a longer phase, and its end seemed to go back.
    bars = re.findall("[━╸╺]+", re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown.decode()))
    assert len({len(bar) for bar in bars}) == 1, bars


def test_a_reader_that_leaves_early_makes_no_traceback(api: FakeApi, environment: dict[str, str]) -> None:
    for _ in range(60):
        api.add_run()
    process = subprocess.Popen(
        [*STEPFOLD, "list", "--all", "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read().decode()
    process.stderr.close()
    process.wait(timeout=20)

    assert "Traceback" not in err


def test_the_command_is_installed_under_its_name(environment: dict[str, str]) -> None:
    installed = Path(sys.executable).with_name("stepfold")

    ran = subprocess.run(
        [installed, "list", "--json"], env=environment, capture_output=True, check=True, timeout=30
    )

    assert json.loads(ran.stdout) == {"backtests": [], "next_cursor": None}
