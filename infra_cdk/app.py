"""The CDK app. `python -m infra_cdk.app` is what `cdk synth` and `cdk deploy` run (see cdk.json)."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from infra_cdk.source import ZIPS
from infra_cdk.stage import Stage, StageError


def synthesise(context: Mapping[str, object], *, outdir: Path | None = None) -> None:
    """Write the cloud assembly of one stage, to `outdir` or where the CDK command line wants it.

    A stage that goes to AWS is held against cdk-nag's AwsSolutions rules; a finding stops the synthesis.
    Raises StageError for a stage that must not be deployed so, FileNotFoundError for a missing zip.
    """
    stage = Stage.from_context(context)
    # The CDK takes five seconds to import: a stage that is refused is refused before that.
    from aws_cdk import App, Validations
    from cdk_nag import AwsSolutionsChecks

    from infra_cdk.assets import code_of
    from infra_cdk.stack import StepfoldStack

    app = App(outdir=str(outdir) if outdir else None, context=dict(context), analytics_reporting=False)
    with tempfile.TemporaryDirectory(prefix="stepfold-synth-") as scratch:
        zips = Path(str(context["zips"])) if "zips" in context else None if stage.local else ZIPS
        StepfoldStack(app, stage, code_of(zips, scratch=Path(scratch)))
        if not stage.local:
            Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        app.synth()


def main() -> None:
    # The CDK command line hands the context over in this variable, cdk.json and -c together.
    context = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    try:
        synthesise(context)
    except (StageError, FileNotFoundError) as error:
        sys.exit(f"stepfold: {error}")


if __name__ == "__main__":
    main()
