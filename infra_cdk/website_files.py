"""Put the built page beside its stage's configuration: `python -m infra_cdk.website_files STACK`.

Runs after a deployment, to AWS and to an emulator alike, with the caller's credentials. Not by CDK's own
deployment of files: that brings a function of 30 MB and a layer into the account, and no emulator runs it.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from infra_cdk.source import ROOT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUILT = ROOT / "ui" / "dist"
CONFIG = "config.json"
# Names of these hold a hash of what is in them: a changed file is another file.
HASHED = "assets/"
_FOREVER, _ASK = "public, max-age=31536000, immutable", "no-cache"


def configuration(
    outputs: Mapping[str, str], region: str, *, api_url: str = "", socket_url: str = "", login_url: str = ""
) -> bytes:
    """Return `config.json`: what one build of the page must know of its stage (ui/src/config.ts reads it)."""
    login = None
    if client := outputs.get("UserPoolClient"):
        endpoint = login_url or f"https://cognito-idp.{region}.amazonaws.com/"
        login = {"kind": "cognito", "region": region, "clientId": client, "endpoint": endpoint}
    elif outputs["Login"] == "external":
        login = {"kind": "external"}
    stage = outputs["Stage"]
    record = {
        "stage": stage,
        "apiUrl": api_url or outputs["ApiUrl"],
        # Without its stage: the page asks for `live` or `market` below it.
        "webSocketUrl": socket_url or outputs["LiveUrl"].rpartition("/")[0],
        "login": login,
    }
    return json.dumps(record, indent=2).encode() + b"\n"


def upload(s3: S3Client, bucket: str, built: Path, config: bytes) -> None:
    """Write the page's files; those that name others last: no name without its file.

    Files of earlier builds stay: a page that is open still asks for them. Raises FileNotFoundError without a
    build.
    """
    if not (built / "index.html").is_file():
        raise FileNotFoundError(f"there is no built page in {built}; build it: make setup")
    for name, path in _files(built):
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        keep = _FOREVER if name.startswith(HASHED) else _ASK
        s3.put_object(Bucket=bucket, Key=name, Body=path.read_bytes(), ContentType=kind, CacheControl=keep)
    s3.put_object(Bucket=bucket, Key=CONFIG, Body=config, ContentType="application/json", CacheControl=_ASK)


def _files(built: Path) -> Iterator[tuple[str, Path]]:
    found = {path.relative_to(built).as_posix(): path for path in built.rglob("*") if path.is_file()}
    yield from sorted(found.items(), key=lambda item: (not item[0].startswith(HASHED), item[0]))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Upload the built page of a deployed stack.")
    parser.add_argument("stack", help="the stack's name: stepfold-prod")
    parser.add_argument("--api-url", default="", help="the API's address, if not the stack's output")
    parser.add_argument("--socket-url", default="", help="the WebSocket API's address, if not the output's")
    parser.add_argument("--login-url", default="", help="Cognito's address, if not the region's")
    given = parser.parse_args(arguments)

    import boto3

    session = boto3.session.Session()
    stack = session.client("cloudformation").describe_stacks(StackName=given.stack)["Stacks"][0]
    outputs = {row["OutputKey"]: row["OutputValue"] for row in stack["Outputs"]}
    region = session.region_name or ""
    config = configuration(
        outputs, region, api_url=given.api_url, socket_url=given.socket_url, login_url=given.login_url
    )
    try:
        upload(session.client("s3"), outputs["WebsiteBucket"], BUILT, config)
    except FileNotFoundError as error:
        sys.exit(f"stepfold: {error}")
    print(outputs["WebsiteUrl"])  # noqa: T201 - what a deployment is asked for


if __name__ == "__main__":
    main()
