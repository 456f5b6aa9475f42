"""Uploads through the edge: handed on to the bucket as they were signed, by its own name."""

import hashlib

from local.edge_request import LARGEST_UPLOAD
from tests.local.stubs import EdgeUnderTest, run_on_edge

SIGNED = "/uploads/main/261121-7k3m2q/0a?X-Amz-Signature=5f%2B1&X-Amz-SignedHeaders=host"


def test_an_upload_reaches_the_bucket_byte_for_byte_under_the_buckets_own_name() -> None:
    body = b"\xff\xd8" + bytes(7 * 1024 * 1024)

    async def scenario(s: EdgeUnderTest) -> None:
        headers = {"content-type": "image/jpeg", "cookie": "__Host-haulway=secret"}
        await s.viewer.put(SIGNED, content=body, headers=headers)
        [asked] = s.origin.requests
        assert s.origin.targets == [SIGNED]
        assert asked.headers["host"] == "jobs.s3.us-east-1.amazonaws.com"
        assert asked.headers["content-type"] == "image/jpeg"
        assert asked.headers["content-length"] == str(len(body))
        assert hashlib.sha256(asked.content).digest() == hashlib.sha256(body).digest()
        assert not {"cookie", "authorization"} & set(asked.headers)

    run_on_edge(scenario)


def test_the_buckets_no_is_handed_back_and_never_kept() -> None:
    async def scenario(s: EdgeUnderTest) -> None:
        s.origin.status = 403
        answers = [await s.viewer.put(SIGNED, content=b"x") for _ in range(2)]
        assert [(a.status_code, a.headers["x-cache"]) for a in answers] == [
            (403, "Error from cloudfront")
        ] * 2
        assert len(s.origin.requests) == 2

    run_on_edge(scenario)


def test_an_upload_that_would_fill_the_memory_is_refused_by_the_edge() -> None:
    async def scenario(s: EdgeUnderTest) -> None:
        answer = await s.viewer.put(SIGNED, content=bytes(LARGEST_UPLOAD + 1))
        assert answer.status_code == 413
        assert s.origin.requests == []

    run_on_edge(scenario)
