"""Strategy documents that ship with Stepfold, as JSON in a folder for each kind beside this module.

A `preset` is one well-known idea, as plain as it can be told. An `archetype` is a whole manner of trading:
several triggers with levels, limits and behaviour, to start one's own from.
"""

import json
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent
KINDS = ("preset", "archetype")


@lru_cache(maxsize=1)
def _kinds() -> dict[str, str]:
    """The kind of each id: presets first, each kind in alphabetical order."""
    return {path.stem: kind for kind in KINDS for path in sorted((_FOLDER / kind).glob("*.json"))}


def preset_ids(kind: str | None = None) -> tuple[str, ...]:
    """Return the ids of the documents, of one `kind` or of all."""
    return tuple(name for name, found in _kinds().items() if kind in (None, found))


def preset_kind(preset_id: str) -> str:
    """Return `preset` or `archetype`. Raise KeyError with the ids there are."""
    if preset_id not in _kinds():
        raise KeyError(f"unknown preset {preset_id!r}; there are {', '.join(preset_ids())}")
    return _kinds()[preset_id]


def preset(preset_id: str) -> dict[str, object]:
    """Return a preset's document, the caller's own copy. Raise KeyError with the ids there are."""
    path = _FOLDER / preset_kind(preset_id) / f"{preset_id}.json"
    document: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return document
