"""Identifiers and hashes: what is derived from what, and what is drawn."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from typing import Any

from shared.parquet import WRITER_VERSION
from shared.schema import SCHEMA_VERSION
from shared.settings import LOCAL_OWNER
from shared.store import canonical_json

_PLAIN_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_RESERVED_OWNERS = (LOCAL_OWNER, "public")


def _letters(digest: bytes) -> str:
    return base64.b32encode(digest[:17]).decode().lower()[:26]


def run_id(owner: str, idempotency_key: str) -> str:
    """Derive a run's id: the same owner and key give the same run, and nobody can guess another's."""
    return "bt-" + _letters(hashlib.sha256(f"run\0{owner}\0{idempotency_key}".encode()).digest())


def import_id() -> str:
    return "im-" + _letters(secrets.token_bytes(17))


def fetch_id(owner: str, *of: object) -> str:
    """Derive a fetch's id from its Idempotency-Key, or from what is fetched: the same is one fetch."""
    text = "\0".join(["fetch", owner, *map(str, of)])
    return "fe-" + _letters(hashlib.sha256(text.encode()).digest())


def attempt_token() -> str:
    """Draw the token of one execution of simulate."""
    return secrets.token_hex(8)


def idempotency_key() -> str:
    """Draw a key for a client that sent none."""
    return secrets.token_hex(16)


def content_hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def body_hash(value: Mapping[str, Any]) -> str:
    """Hash a request by its meaning: the order of its keys and its spacing do not matter."""
    return content_hash(canonical_json(value))


def fingerprint(resolved: Mapping[str, Any], engine_version: str) -> str:
    """Hash everything that a run's results depend on: equal fingerprints mean equal bytes."""
    return hashlib.sha256(
        canonical_json(
            {
                "request": resolved,
                "engine": engine_version,
                "schema": SCHEMA_VERSION,
                "writer": WRITER_VERSION,
            }
        )
    ).hexdigest()


def owner_of_subject(subject: str) -> str:
    """Return the owner's name for a token's verified `sub`, fit for keys and never a reserved one."""
    if _PLAIN_SUBJECT.fullmatch(subject) and subject not in _RESERVED_OWNERS:
        return subject
    return "sub-" + hashlib.sha256(subject.encode()).hexdigest()[:32]
