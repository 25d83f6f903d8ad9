"""Write the OpenAPI document to the repository: `python -m functions.api.openapi [--check]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from functions.api.app import create_app

FILE = Path(__file__).with_name("openapi.json")


def current() -> str:
    return json.dumps(create_app().openapi(), indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    text = current()
    if arguments == ["--check"]:
        if not FILE.exists() or FILE.read_text() != text:
            sys.stderr.write(f"{FILE.name} is not what the code says; run python -m functions.api.openapi\n")
            return 1
        return 0
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
