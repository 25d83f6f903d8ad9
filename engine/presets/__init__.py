"""Strategy documents that ship with Stepfold, as JSON beside this module."""

import json
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@lru_cache(maxsize=1)
def preset_ids() -> tuple[str, ...]:
    """Return the ids of the presets, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


def preset(preset_id: str) -> dict[str, object]:
    """Return a preset's document, the caller's own copy. Raise KeyError with the ids there are."""
    if preset_id not in preset_ids():
        raise KeyError(f"unknown preset {preset_id!r}; there are {', '.join(preset_ids())}")
    document: dict[str, object] = json.loads((_FOLDER / f"{preset_id}.json").read_text(encoding="utf-8"))
    return document
