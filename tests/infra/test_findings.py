"""cdk-nag looks at the production stage, and what it finds stops the synthesis unless it is answered."""

from __future__ import annotations

from pathlib import Path

from tests.infra.synthesis import placeholder_zips, start, words

# The app as it is, but for the answers.
UNANSWERED = """
from unittest.mock import MagicMock
import infra_cdk.acknowledged
infra_cdk.acknowledged.Validations = MagicMock()
from infra_cdk.app import main
main()
"""


def test_a_finding_without_an_answer_stops_the_synthesis(tmp_path: Path) -> None:
    zips = placeholder_zips(tmp_path / "zips")
    said = words(start({"stage": "prod", "zips": str(zips)}, tmp_path / "out", ("-c", UNANSWERED)))
    for finding in ("AwsSolutions-S1", "AwsSolutions-IAM5", "AwsSolutions-COG2", "AwsSolutions-APIG4"):
        assert finding in said, finding
    # What needs no answer, because it is done.
    for mended in ("AwsSolutions-S10", "AwsSolutions-DDB3", "AwsSolutions-APIG1", "AwsSolutions-IAM4"):
        assert mended not in said, mended
