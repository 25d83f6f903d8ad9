"""The whole production template against the one that was last looked at.

After a change that is meant: `python -m tests.infra.test_snapshot`, and read the difference.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

from tests.infra.synthesis import Template, synthesise

FILE = Path(__file__).with_name("snapshot.json")
_HASH = re.compile(r"[0-9a-f]{64}")


def shown(prod: Template) -> str:
    """Write the template without what changes by itself: hashes of code, the CDK's own records."""
    resources = {
        name: {key: value for key, value in resource.items() if key != "Metadata"}
        for name, resource in prod.body["Resources"].items()
        if resource["Type"] != "AWS::CDK::Metadata"
    }
    body = {"Outputs": prod.body["Outputs"], "Resources": resources}
    return _HASH.sub("HASH", json.dumps(body, indent=1, sort_keys=True)) + "\n"


def test_the_production_template_is_the_one_that_was_read(prod: Template) -> None:
    assert shown(prod) == FILE.read_text(), "meant? python -m tests.infra.test_snapshot"


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        FILE.write_text(shown(synthesise(Path(scratch)).prod))


if __name__ == "__main__":
    main()
