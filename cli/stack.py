"""`stepfold up`, `down` and `status`: the whole of Stepfold on this machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from localstack.deploy import Deployment

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_HOME = ROOT / ".stepfold"
DEFAULT_PORT = 4566


@dataclass(frozen=True, slots=True)
class Status:
    """What stands of the local stack."""

    emulator: str
    pid: int | None
    port: int | None
    api_url: str | None
    website_url: str | None
    live_url: str | None
    market_url: str | None
    healthy: bool
    home: str


def up(
    home: Path = DEFAULT_HOME,
    port: int = DEFAULT_PORT,
    *,
    fresh: bool = False,
    progress: Callable[[str], None] = lambda _step: None,
) -> Deployment:
    """Start the emulator of a folder and deploy the stack to it, as far as either is not done already.

    Raises localstack.emulator.StackError with what to do.
    """
    from localstack.deploy import deploy
    from localstack.emulator import Home, StackError, alone, running, start

    if fresh:
        down(home)
        shutil.rmtree(home, ignore_errors=True)
    place = Home.at(home)
    with alone(place):
        emulator = running(place)
        if emulator is not None and emulator.port != port:
            raise StackError(
                f"the stack of {home} is up on port {emulator.port} already. Use it as it is, or move it: "
                f"stepfold down, then stepfold up --port {port}"
            )
        if emulator is None:
            progress(f"Starting the emulator on port {port}")
            emulator = start(place, port)
        return deploy(emulator, "local", progress=progress)


def down(home: Path = DEFAULT_HOME) -> bool:
    """Stop the emulator of a folder with all its workers; runs and candles stay. Return whether it was up."""
    from localstack.emulator import Home, alone, clear, running, stop

    if not home.exists():
        return False
    place = Home.at(home)
    with alone(place):
        emulator = running(place)
        if emulator is None:
            clear(place)
            return False
        stop(emulator)
        return True


def status(home: Path = DEFAULT_HOME) -> Status:
    """Look at the emulator of a folder and ask the API for its health."""
    from localstack.deploy import Deployment
    from localstack.emulator import Home, running

    place = Home.at(home)
    emulator = running(place)
    known = Deployment.load(place.stack_file)
    return Status(
        emulator="up" if emulator else "down",
        pid=emulator.pid if emulator else None,
        port=emulator.port if emulator else None,
        api_url=known.api_url if emulator and known else None,
        website_url=known.website_url if emulator and known else None,
        live_url=known.live_url if emulator and known else None,
        market_url=known.market_url if emulator and known else None,
        healthy=bool(emulator and known and _healthy(known.api_url)),
        home=str(home),
    )


def _healthy(api_url: str) -> bool:
    import httpx

    try:
        # The API is on loopback: no proxy of the environment knows the way.
        return httpx.get(f"{api_url}/health", timeout=10, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


HomeOption = Annotated[
    Path, typer.Option("--home", help="Folder that holds the stack's state.", envvar="STEPFOLD_HOME")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def register(app: typer.Typer) -> None:
    """Add the commands that manage the local stack."""
    app.command("up")(_up)
    app.command("down")(_down)
    app.command("status")(_status)


def _up(
    port: Annotated[
        int | None,
        typer.Option(
            help="Port on 127.0.0.1; default: the one that this folder's stack had, else 4566.",
            envvar="STEPFOLD_PORT",
            show_default=False,
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Throw all local runs and candles away first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start the local stack; harmless when it is up already.

    Example: stepfold up --port 4600
    """
    port = port or _last_port(home) or DEFAULT_PORT
    with _told_plainly(), _steps() as progress:
        deployment = up(home, port, fresh=fresh, progress=progress)
    if as_json:
        typer.echo(json.dumps({**asdict(deployment), "port": port}))
        return
    typer.echo("Stepfold is up. The web page, the API, and what is pushed of runs (WebSocket):", err=True)
    typer.echo(deployment.website_url)
    typer.echo(deployment.api_url)
    typer.echo(deployment.live_url)


def _last_port(home: Path) -> int | None:
    """Return the port that the stack of a folder was last deployed on, if there was one."""
    try:
        port = json.loads((home / "stack.json").read_text())["port"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return port if isinstance(port, int) else None


def _down(home: HomeOption = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """Stop the local stack; runs and candles are kept for the next `up`.

    Example: stepfold down
    """
    with _told_plainly(), _steps() as progress:
        progress("Stopping the emulator")
        was_up = down(home)
    if as_json:
        typer.echo(json.dumps({"stopped": was_up}))
        return
    typer.echo("Stopped; runs and candles are kept." if was_up else "It was not up.", err=True)


def _status(home: HomeOption = DEFAULT_HOME, as_json: AsJson = False) -> None:
    """Say whether the local stack is up and where its API is; exit code 5 if it is not.

    Example: stepfold status --json
    """
    with _told_plainly():
        state = status(home)
    if as_json:
        typer.echo(json.dumps(asdict(state)))
    elif state.api_url is None:
        typer.echo(f"The local stack is {state.emulator}. Start it with: stepfold up", err=True)
    else:
        typer.echo(f"Up on port {state.port}, {'healthy' if state.healthy else 'not answering'}", err=True)
        typer.echo(state.website_url)
        typer.echo(state.api_url)
        typer.echo(state.live_url)
    if not state.healthy:
        raise typer.Exit(ExitCode.CONFLICT)


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn what is known to go wrong into a message and an exit code."""
    from localstack.emulator import StackError

    try:
        yield
    except StackError as error:
        typer.echo(f"stepfold: {error}", err=True)
        raise typer.Exit(ExitCode.CONFLICT) from error


@contextmanager
def _steps() -> Iterator[Callable[[str], None]]:
    """Show the step in work with the seconds it has taken, on standard error."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step: typer.echo(f"{step} …", err=True)
        return
    columns: tuple[Any, ...] = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task("")
        shown.reset(task)

        def step(description: str) -> None:
            shown.reset(task, description=description)

        yield step
