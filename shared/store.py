"""The object store: bytes and JSON by key, ranges of bytes, nothing cached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from shared.errors import StoreCorruptError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Parallel requests of one reader: enough to hide S3's latency, within the client's connection pool.
PARALLEL_GETS = 8
DELETE_BATCH = 1000  # S3's own limit for one DeleteObjects


def canonical_json(value: object) -> bytes:
    """Write JSON that is the same bytes for the same value: keys sorted, no spaces, NaN as null."""
    import orjson

    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)


class ObjectStore:
    """One bucket. Raises StoreCorruptError where an object that should be there is missing."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    def put(self, key: str, body: bytes, content_type: str = "application/octet-stream") -> None:
        self._client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type)

    def put_json(self, key: str, value: object) -> None:
        self.put(key, canonical_json(value), "application/json")

    def get(self, key: str) -> bytes:
        try:
            return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            raise StoreCorruptError(f"the object {key} is missing from the store") from None

    def get_json(self, key: str) -> dict[str, Any]:
        import orjson

        value = orjson.loads(self.get(key))
        if not isinstance(value, dict):
            raise StoreCorruptError(f"the object {key} is not a JSON object")
        return value

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return `length` bytes from `start` with one ranged request."""
        try:
            answer = self._client.get_object(
                Bucket=self.bucket, Key=key, Range=f"bytes={start}-{start + length - 1}"
            )
        except self._client.exceptions.NoSuchKey:
            raise StoreCorruptError(f"the object {key} is missing from the store") from None
        return answer["Body"].read()

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes]:
        """Yield whole objects in the order of `keys`, a few requests under way at once."""
        with ThreadPoolExecutor(PARALLEL_GETS) as pool:
            yield from pool.map(self.get, keys)

    def size(self, key: str) -> int | None:
        """Return an object's size in bytes, or None if there is none."""
        from botocore.exceptions import ClientError

        try:
            return self._client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        except ClientError as error:
            # 403 is what S3 says of a missing object to those who may not list the bucket.
            if error.response["Error"]["Code"] in ("404", "403", "NoSuchKey", "NotFound"):
                return None
            raise

    def keys(self, prefix: str) -> Iterator[str]:
        return (key for key, _ in self._listed(prefix))

    def sizes(self, prefix: str) -> dict[str, int]:
        """Return the keys below a prefix and the size of each object, in bytes."""
        return dict(self._listed(prefix))

    def _listed(self, prefix: str) -> Iterator[tuple[str, int]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        for page in pages:
            for entry in page.get("Contents", ()):
                yield entry["Key"], entry["Size"]

    def delete(self, keys: Iterable[str]) -> int:
        """Delete objects; those that are not there count as deleted. Return how many were named."""
        every = list(keys)
        for start in range(0, len(every), DELETE_BATCH):
            batch = every[start : start + DELETE_BATCH]
            answer = self._client.delete_objects(
                Bucket=self.bucket, Delete={"Objects": [{"Key": key} for key in batch], "Quiet": True}
            )
            if failed := answer.get("Errors"):
                raise OSError(f"could not delete {failed[0].get('Key')}: {failed[0].get('Message')}")
        return len(every)

    def download_url(self, key: str, filename: str, seconds: int) -> str:
        """Return a link that downloads one object as `filename`, valid for `seconds`."""
        return self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{filename}"',
            },
            ExpiresIn=seconds,
        )

    def upload_form(self, key: str, max_bytes: int, seconds: int) -> Mapping[str, Any]:
        """Return `url` and `fields` of a form POST that uploads one object of at most `max_bytes`."""
        return self._client.generate_presigned_post(
            Bucket=self.bucket,
            Key=key,
            Conditions=[["content-length-range", 1, max_bytes]],
            ExpiresIn=seconds,
        )
