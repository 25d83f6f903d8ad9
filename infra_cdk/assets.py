"""Where the functions' code comes from: our source alone on an emulator, the built zips everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aws_cdk import aws_lambda as lambda_

from infra_cdk.source import built_zip, copy_source

CodeOf = Callable[[str], lambda_.Code]


def code_of(zips: Path | None, *, scratch: Path) -> CodeOf:
    """Return the function that gives the code of a group of functions (`infra_cdk.zips.GROUPS`).

    Without `zips`, a folder, the code is our source only, copied below `scratch`: an emulator in this
    environment runs the functions with its interpreter and libraries. FileNotFoundError names a missing zip.
    """
    if zips is None:
        source = copy_source(scratch / "source")
        return lambda _group: lambda_.Code.from_asset(str(source))
    return lambda group: lambda_.Code.from_asset(str(built_zip(zips, group)))
