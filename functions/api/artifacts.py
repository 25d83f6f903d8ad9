"""Links to the Parquet objects of a run."""

from __future__ import annotations

from functions.api.published import Published
from shared import access
from shared.responses import Artifact, ArtifactsAnswer
from shared.times import iso, now_ms

LINK_SECONDS = 15 * 60


def artifacts(results: Published) -> ArtifactsAnswer:
    """Return a presigned link to every part that the manifest lists, with its size and hash."""
    reader, store = results.reader, access.store()
    expires_at = iso(now_ms() + LINK_SECONDS * 1000)
    found = []
    for name, series in reader.manifest.series.items():
        for number, (key, part) in enumerate(reader.part_keys(name)):
            filename = f"{results.run.run_id}-{name.replace('/', '-')}-{number:04d}.parquet"
            found.append(
                Artifact(
                    series=name,
                    table=series.table,
                    filename=filename,
                    url=store.download_url(key, filename, LINK_SECONDS),
                    size=part.size,
                    sha256=part.sha256,
                    rows=part.rows,
                    first=iso(part.first_ms),
                    last=iso(part.last_ms),
                )
            )
    return ArtifactsAnswer(artifacts=found, expires_at=expires_at)
