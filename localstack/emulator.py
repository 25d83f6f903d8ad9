"""Start, find and stop one emulator: a process group on one loopback port with its state in one folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
REGION = "us-east-1"
# The emulator's root account; everybody else must have what their policies say.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

LAUNCHER = Path(__file__).with_name("launcher.py")
_START_WITHIN = 30.0
# After this long a worker that still runs a handler is killed, so that the emulator can end in order.
_WORKERS_WITHIN = 5.0
_STOP_WITHIN = 20.0


class StackError(Exception):
    """The local stack cannot do what was asked; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one local stack: everything of it, so that removing the folder removes the stack."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> Home:
        return cls(root.resolve())

    @property
    def emulator_file(self) -> Path:
        return self.root / "emulator.json"

    @property
    def stack_file(self) -> Path:
        return self.root / "stack.json"

    @property
    def log(self) -> Path:
        return self.root / "emulator.log"

    @property
    def scratch(self) -> Path:
        """The emulator's temporary folder: its workers' code, emptied at each start and stop."""
        return self.root / "tmp"


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator. `pid` leads the process group that its workers belong to."""

    home: Home
    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return what AWS clients need to reach this emulator as its root account."""
        return {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_S3": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def workers(self, function_name: str = "") -> list[int]:
        """Return the process ids of the workers, of one function if it is named."""
        return [
            pid
            for pid, group, command in _processes()
            if group == self.pid and f"ministack-lambda-{function_name}" in command
        ]


def start(
    home: Home,
    port: int = DEFAULT_PORT,
    *,
    tied: bool = False,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Emulator:
    """Start an emulator and wait until it answers.

    `more` are further variables of its environment. A tied one stops when this process ends, however it
    ends. Raises StackError when the port is taken or the emulator's process ends at once.
    """
    refuse_taken(port)
    clear(home)
    home.scratch.mkdir(parents=True)
    # The writing end stays open, held by nobody, until this process ends.
    leash = os.pipe()[0] if tied else None
    with home.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, str(LAUNCHER), *(["--tied"] if tied else [])],
            cwd=home.root,
            env={**_emulator_environment(home, port), **more},
            stdin=subprocess.DEVNULL if leash is None else leash,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A group of its own: a ctrl-C at the terminal is not meant for it; it can be ended as a whole.
            start_new_session=True,
        )
    if leash is not None:
        os.close(leash)
    emulator = Emulator(home, port, process.pid)
    home.emulator_file.write_text(json.dumps({"port": port, "pid": process.pid}))
    try:
        _wait_until_ready(emulator, process)
    except BaseException:
        stop(emulator)
        raise
    finally:
        # It is meant to outlive this object, which would warn of that.
        process.returncode = process.returncode or 0
    return emulator


def running(home: Home) -> Emulator | None:
    """Return the emulator of this folder if it lives."""
    try:
        record = json.loads(home.emulator_file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    emulator = Emulator(home, int(record["port"]), int(record["pid"]))
    # A process id may have been given to somebody else since: ours leads its group and runs the launcher.
    alive = any(
        pid == group == emulator.pid and LAUNCHER.name in command for pid, group, command in _processes()
    )
    return emulator if alive else None


def stop(emulator: Emulator) -> None:
    """End the emulator in order, so that it saves its state, and leave no process or scratch file of it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(emulator.pid, signal.SIGTERM)
    began = time.monotonic()
    while _group(emulator.pid) and (waited := time.monotonic() - began) < _STOP_WITHIN:
        _reap(emulator.pid)
        if waited > _WORKERS_WITHIN:
            for pid in emulator.workers():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(emulator.pid, signal.SIGKILL)
    _reap(emulator.pid, within=2)
    clear(emulator.home)


def clear(home: Home) -> None:
    """Remove what an emulator leaves behind, above all one that was killed: its workers and their folders."""
    for pid, _, command in _processes():
        if f"{home.scratch}{os.sep}" in command:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    shutil.rmtree(home.scratch, ignore_errors=True)
    home.emulator_file.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(home: Home) -> Iterator[None]:
    """Let one process at a time change the stack of a folder; the next one waits."""
    home.root.mkdir(parents=True, exist_ok=True)
    with (home.root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def refuse_taken(port: int) -> None:
    """Raise StackError when something listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, port)) != 0:
            return
    raise StackError(
        f"port {port} is taken by another program. Stop that program, or use another port: "
        f"stepfold up --port {port + 1}"
    )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _emulator_environment(home: Home, port: int) -> dict[str, str]:
    """Build the emulator's environment from scratch: its workers inherit all of it."""
    passed_on = {key: os.environ[key] for key in ("HOME", "LANG", "PATH", "TZ") if key in os.environ}
    return {
        **passed_on,
        **CREDENTIALS,
        "AUTH": "true",
        "BIND_HOST": HOST,
        # The emulator removes containers it believes to be its own; keep it away from the user's.
        "DOCKER_HOST": f"unix://{home.scratch}/no-docker.sock",
        "GATEWAY_PORT": str(port),
        # Without this it opens a second port, for MQTT, on every interface.
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "PYTHONUNBUFFERED": "1",
        "S3_DATA_DIR": str(home.root / "objects"),
        "S3_PERSIST": "1",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(home.root / "state"),
        "TMPDIR": str(home.scratch),
    }


def _wait_until_ready(emulator: Emulator, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise StackError(
                f"the emulator ended at once with status {process.returncode}; its last words, from "
                f"{emulator.home.log}:\n{tail(emulator.home.log)}"
            )
        with contextlib.suppress(urllib.error.URLError, OSError):
            # No proxy: the emulator is on loopback whatever the environment says.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{emulator.url}/_ministack/health", timeout=2):
                return
        time.sleep(0.05)
    raise StackError(
        f"the emulator did not answer on port {emulator.port} within {_START_WITHIN:.0f} s; "
        f"see {emulator.home.log}"
    )


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log file."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _processes() -> list[tuple[int, int, str]]:
    """List this machine's living processes: id, group, command line."""
    if Path("/proc/self/stat").exists():
        return [process for entry in Path("/proc").iterdir() if (process := _from_proc(entry))]
    # Not Linux: every other Unix has ps, which a bare Linux image may lack.
    listing = subprocess.run(
        ["/bin/ps", "-A", "-o", "pid=,pgid=,stat=,command="], capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 3) for line in listing.stdout.splitlines())
    return [(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and row[2][0] != "Z"]


def _from_proc(entry: Path) -> tuple[int, int, str] | None:
    if not entry.name.isdigit():
        return None
    try:
        # The name stands in parentheses and may hold anything; the state and the group come after it.
        fields = (entry / "stat").read_text().rpartition(")")[2].split()
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    state, group, threads = fields[0], int(fields[2]), int(fields[17])
    # A process whose main thread has ended still holds its port while another thread runs.
    return None if state == "Z" and threads <= 1 else (int(entry.name), group, command)


def _group(leader: int) -> list[int]:
    return [pid for pid, group, _ in _processes() if group == leader]


def _reap(pid: int, *, within: float = 0) -> None:
    """Collect the process if it is a child of ours that has ended or is about to."""
    deadline = time.monotonic() + within
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(pid, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:
            time.sleep(0.01)
