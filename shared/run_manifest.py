"""The manifest of a run: what it was asked, what came out, and the parts of its series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from shared.errors import StoreCorruptError
from shared.manifest import Part, Series


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON object beside the parts."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RunManifest:
    fingerprint: str
    engine_version: str
    schema_version: int
    writer_version: int
    request: Mapping[str, Any]
    metrics: Mapping[str, Any]
    monthly: tuple[Mapping[str, Any], ...]
    series: Mapping[str, Series]
    report: Document | None = None
    """The tables that the run adds up to, but for `monthly`; older runs have none."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> RunManifest:
        try:
            series = {
                name: Series(
                    table=entry["table"],
                    rows=entry["rows"],
                    parts=tuple(Part(**part) for part in entry["parts"]),
                    extra=tuple(entry["extra"]),
                )
                for name, entry in raw["series"].items()
            }
            report = None if raw.get("report") is None else Document(**raw["report"])
            return cls(**{**raw, "series": series, "monthly": tuple(raw["monthly"]), "report": report})
        except (KeyError, TypeError) as error:
            raise StoreCorruptError(f"a run's manifest cannot be read: {error}") from error
