"""Strategy documents that ship with Stepfold, as JSON beside this module.

A `preset` is one well-known idea, as plain as it can be told. An `archetype` (in a folder of its own) is a
whole manner of trading: several triggers with levels, limits and behaviour, to start one's own from.
"""

import json
from functools import lru_cache
from pathlib import Path

_FOLDERS = {"preset": Path(__file__).parent, "archetype": Path(__file__).parent / "archetypes"}


@lru_cache(maxsize=1)
def _files() -> dict[str, tuple[str, Path]]:
    """Kind and file of each id: presets first, each kind in alphabetical order."""
    return {
        path.stem: (kind, path) for kind, folder in _FOLDERS.items() for path in sorted(folder.glob("*.json"))
    }


def _file(preset_id: str) -> tuple[str, Path]:
    found = _files().get(preset_id)
    if found is None:
        raise KeyError(f"unknown preset {preset_id!r}; there are {', '.join(_files())}")
    return found


@lru_cache(maxsize=64)
def _text(preset_id: str) -> str:
    return _file(preset_id)[1].read_text(encoding="utf-8")


def preset_ids(kind: str | None = None) -> tuple[str, ...]:
    """Return the ids of the documents, of one kind (preset, archetype) or of both."""
    return tuple(name for name, (found, _) in _files().items() if kind in (None, found))


def preset_kind(preset_id: str) -> str:
    """Return `preset` or `archetype`. Raise KeyError with the ids there are."""
    return _file(preset_id)[0]


def preset(preset_id: str) -> dict[str, object]:
    """Return a document, the caller's own copy. Raise KeyError with the ids there are."""
    document: dict[str, object] = json.loads(_text(preset_id))
    return document
