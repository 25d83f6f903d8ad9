"""Where the forms and links lead that a browser is given: to addresses that it may go to."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from shared import access, aws
from tests.aws import BUCKET, FakeStage


def test_on_aws_they_name_the_bucket_s_own_region(stage: FakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address without a region redirects, and a preflight that is redirected has failed."""
    del stage  # it is the environment that counts
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    aws.s3.cache_clear()
    access.store.cache_clear()
    form = access.store().upload_form("uploads/file", 1_000, 60)
    link = access.store().download_url("runs/file", "file", 60)
    for address in (form["url"], link):
        assert urlsplit(address).hostname == f"{BUCKET}.s3.eu-west-1.amazonaws.com"
