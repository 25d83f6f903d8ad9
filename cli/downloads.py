"""Result files from their links into a folder, whole and as their hashes say, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import httpx

from cli.client import http_client
from cli.errors import BadInputError, CommandError, UnreachableError
from cli.waiting import meter
from shared.responses import Artifact

_TIMEOUT = httpx.Timeout(60.0, connect=5.0)


def download(artifacts: Iterable[Artifact], folder: Path) -> list[Path]:
    """Fetch files into `folder`/series/filename, progress on standard error; return where they are.

    A file that is there already and has the right hash is not fetched again. Raises UnreachableError where a
    link does not answer, CommandError where what came is not what was promised, BadInputError for the folder.
    """
    wanted = list(artifacts)
    total, done = sum(entry.size for entry in wanted) or 1, 0
    paths = []
    with meter("download") as show:
        for entry in wanted:
            path = _place(folder, entry)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                if not (path.is_file() and _hash(path) == entry.sha256):
                    _fetch(entry, path)
            except OSError as error:
                raise BadInputError(f"{path}: cannot be written: {error.strerror}") from None
            done += entry.size
            show(100.0 * done / total, entry.series)
            paths.append(path)
    return paths


def _place(folder: Path, entry: Artifact) -> Path:
    """Return a file's place; a name from outside must not lead out of the folder."""
    parts = [*entry.series.split("/"), entry.filename]
    if any(part in ("", ".", "..") or "/" in part or "\\" in part for part in parts):
        raise CommandError(f"the API names a file {entry.series}/{entry.filename}, which is not taken")
    return folder.joinpath(*parts)


def _fetch(entry: Artifact, path: Path) -> None:
    scratch = path.with_name(path.name + ".part")
    digest = hashlib.sha256()
    try:
        with (
            http_client(entry.url, _TIMEOUT) as http,
            http.stream("GET", entry.url) as answer,
        ):
            if not answer.is_success:
                raise CommandError(
                    f"{entry.filename}: its link answers {answer.status_code}", hint="links expire; ask again"
                )
            with scratch.open("wb") as file:
                for piece in answer.iter_bytes():
                    digest.update(piece)
                    file.write(piece)
        if digest.hexdigest() != entry.sha256:
            raise CommandError(f"{entry.filename}: what came is not what its hash says", hint="try again")
        scratch.replace(path)
    except httpx.TransportError as error:
        raise UnreachableError(
            f"{entry.filename}: its link does not answer: {error}", hint="try again"
        ) from None
    finally:
        scratch.unlink(missing_ok=True)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
