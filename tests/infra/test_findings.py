"""cdk-nag looks at the production stage, and what it finds stops the synthesis unless it is answered."""

from __future__ import annotations

from tests.infra.synthesis import Synthesised


def test_a_finding_without_an_answer_stops_the_synthesis(synthesised: Synthesised) -> None:
    said = synthesised.unanswered
    for finding in (
        "AwsSolutions-S1",
        "AwsSolutions-IAM5",
        "AwsSolutions-COG2",
        "AwsSolutions-APIG1",
        "AwsSolutions-APIG4",
    ):
        assert finding in said, finding
    # What needs no answer, because it is done.
    for mended in ("AwsSolutions-S10", "AwsSolutions-DDB3", "AwsSolutions-IAM4"):
        assert mended not in said, mended
