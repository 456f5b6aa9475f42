"""Endpoints are read again when one has changed, not for every fact."""

from dataclasses import dataclass, field

import pytest

from functions.aws.messages import S3Endpoints
from functions.protocol.ports import Unavailable
from tests.support.faults import Faults
from tests.support.message_fakes import an_endpoint
from tests.support.moto_server import Moto


@dataclass
class TwoContainers:
    """One container reads endpoints, the other adds them; a set clock, and all S3 calls."""

    moto: Moto
    now: float = 0.0
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        bucket = self.moto.bucket()
        self.asks, self.adds = (
            S3Endpoints(self.moto.s3, bucket, lambda: self.now) for _ in range(2)
        )

    def endpoint_ids(self) -> list[str]:
        with self.faults.on(self.moto.s3):
            return [each.endpoint_id for each in self.asks.all("main")]

    @property
    def listings(self) -> int:
        return self.faults.calls("ListObjectsV2")


@pytest.fixture
def containers(moto: Moto) -> TwoContainers:
    return TwoContainers(moto)


def test_endpoints_are_listed_once_and_a_new_one_is_found_at_once(
    containers: TwoContainers,
) -> None:
    assert [containers.endpoint_ids() for _ in range(3)] == [[], [], []]
    containers.adds.write(an_endpoint("ep_a"), None)
    assert [containers.endpoint_ids() for _ in range(3)] == [["ep_a"]] * 3
    containers.adds.write(an_endpoint("ep_b"), None)
    assert [containers.endpoint_ids() for _ in range(3)] == [["ep_a", "ep_b"]] * 3
    assert containers.listings == 3


def test_endpoints_are_read_again_only_if_one_has_changed(containers: TwoContainers) -> None:
    for name in ("ep_a", "ep_b"):
        containers.adds.write(an_endpoint(name), None)
    for _ in range(4):
        containers.endpoint_ids()
    assert containers.faults.calls("GetObject") == 4 + 2


def test_every_endpoint_is_read_as_it_is_now(containers: TwoContainers) -> None:
    containers.adds.write(an_endpoint("ep_a"), None)
    assert [each.state for each in containers.asks.all("main")] == ["active"]
    stored = containers.adds.read("main", "ep_a")
    assert stored
    containers.adds.write(stored.value.with_(state="paused"), stored.etag)
    assert [each.state for each in containers.asks.all("main")] == ["paused"]


def test_a_new_endpoint_is_found_later_if_the_second_write_was_lost(
    containers: TwoContainers,
) -> None:
    containers.endpoint_ids()
    with Faults({"PutObject": [None, "before"]}).on(containers.moto.s3), pytest.raises(Unavailable):
        containers.adds.write(an_endpoint("ep_a"), None)
    containers.now += S3Endpoints.KEPT_S - 1
    assert containers.endpoint_ids() == []
    containers.now += 1
    assert containers.endpoint_ids() == ["ep_a"]
