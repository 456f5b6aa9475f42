"""The faults themselves: what is applied, what is seen, and that a seed repeats them."""

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from tests.functions.conftest import S3Storage
from tests.support.faults import Call, Crashed, Fault, Faults, SeededFaults, ServiceResponse


def put(s3_storage: S3Storage, body: bytes, **condition: str) -> None:
    s3_storage.s3.put_object(Bucket=s3_storage.bucket, Key="key", Body=body, **condition)


def keys(s3_storage: S3Storage) -> int:
    return int(s3_storage.s3.list_objects_v2(Bucket=s3_storage.bucket)["KeyCount"])


def test_a_script_names_the_fault_of_each_call(s3_storage: S3Storage) -> None:
    with Faults({"PutObject": [None, "before"]}).on(s3_storage.s3) as faults:
        put(s3_storage, b"1")
        with pytest.raises(ConnectTimeoutError):
            put(s3_storage, b"2")
        put(s3_storage, b"3")
    assert faults.log == [("PutObject", None), ("PutObject", "before"), ("PutObject", None)]


@pytest.mark.parametrize(
    ("fault", "seen", "applied"),
    [
        ("before", ConnectTimeoutError, 0),
        ("after", ReadTimeoutError, 1),
        ("dup", ClientError, 1),
        ("crash", Crashed, 1),
        (ServiceResponse(503, "SlowDown"), ClientError, 0),
    ],
    ids=str,
)
def test_a_fault_is_seen_and_its_request_applied_or_not(
    s3_storage: S3Storage, fault: Fault, seen: type[BaseException], applied: int
) -> None:
    """Twice is seen as 412, the second copy's answer against the first."""
    with Faults({"PutObject": [fault]}).on(s3_storage.s3), pytest.raises(seen):
        put(s3_storage, b"1", IfNoneMatch="*")
    assert keys(s3_storage) == applied


def test_outside_of_its_block_nothing_goes_wrong(s3_storage: S3Storage) -> None:
    with Faults({"PutObject": ["before"]}).on(s3_storage.s3) as faults:
        pass
    put(s3_storage, b"1")
    assert keys(s3_storage) == 1
    assert faults.log == []


def calls(s3_storage: S3Storage, seed: int) -> list[Call]:
    with SeededFaults(seed, chance=0.5).on(s3_storage.s3) as faults:
        for _ in range(20):
            try:
                put(s3_storage, b"1")
                s3_storage.s3.get_object(Bucket=s3_storage.bucket, Key="key")["Body"].read()
            except (ConnectTimeoutError, ReadTimeoutError, ClientError):
                continue
    return faults.log


def test_the_same_seed_gives_the_same_log_of_calls(s3_storage: S3Storage) -> None:
    put(s3_storage, b"0")
    first = calls(s3_storage, seed=7)
    assert {fault for _, fault in first} == {None, "before", "after", "dup"}
    assert calls(s3_storage, seed=7) == first
    assert calls(s3_storage, seed=8) != first


def test_the_seed_is_printed_beside_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    SeededFaults(4711, chance=0.5)
    assert "4711" in capsys.readouterr().out
