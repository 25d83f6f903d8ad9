"""Where the functions' code comes from: our source alone on an emulator, the built zips everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aws_cdk import aws_lambda as lambda_

from infra_cdk.source import built_zip, copy_source
from infra_cdk.stage import Stage

CodeOf = Callable[[str], lambda_.Code]


def code_of(stage: Stage, *, zips: Path, scratch: Path) -> CodeOf:
    """Return the function that gives the code of a group of functions (`infra_cdk.zips.GROUPS`).

    An emulator runs the functions with the interpreter and the libraries of this environment, so that its
    asset holds our source only, copied below `scratch`. FileNotFoundError names a missing zip.
    """
    if stage.local:
        source = copy_source(scratch / "source")
        return lambda _group: lambda_.Code.from_asset(str(source))
    return lambda group: lambda_.Code.from_asset(str(built_zip(zips, group)))
