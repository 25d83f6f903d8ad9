"""The installed command as a process that knows nothing of a stack but the API's address."""

from __future__ import annotations

import os
import sys
from pathlib import Path

COMMAND = Path(sys.executable).with_name("stepfold")
_KEPT = ("PATH", "HOME", "STEPFOLD_MARKET_DATA")


def environment(api_url: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, "STEPFOLD_API_URL": api_url, "COLUMNS": "80", "PYTHONWARNINGS": "error"}
