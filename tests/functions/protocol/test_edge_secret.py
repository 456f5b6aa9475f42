"""The secret of the edge: who passes, and how it is changed without refusing anyone."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from functions.aws.cloudfront import CloudFrontHeader
from functions.protocol.edge_secret import HEADER, EdgeCheck, EdgeSecrets, rotate_edge_secret
from functions.protocol.ports import Unavailable
from tests.support.builders import NOON
from tests.support.moto_server import Moto

A, B, C = ("a" * 32, "b" * 32, "c" * 32)


@dataclass
class Store:
    content: EdgeSecrets = field(default_factory=lambda: EdgeSecrets(current=A))
    reads: int = 0
    down: bool = False

    def read(self) -> EdgeSecrets:
        self.reads += 1
        if self.down:
            raise Unavailable("down")
        return self.content

    def write(self, content: EdgeSecrets) -> None:
        self.content = content


@dataclass
class Edge:
    sent: str | None = A
    arrived: bool = True
    down: bool = False

    def read(self) -> tuple[str | None, bool]:
        return self.sent, self.arrived

    def write(self, secret: str) -> None:
        if self.down:
            raise Unavailable("down")
        self.sent = secret


@pytest.mark.parametrize(("sent", "passes"), [(A, True), (B, False), ("", False), (None, False)])
def test_only_a_request_with_the_secret_passes(sent: str | None, passes: bool) -> None:
    assert EdgeCheck(Store()).passes(sent, NOON) is passes


def test_a_request_without_a_secret_costs_no_read() -> None:
    store = Store()
    EdgeCheck(store).passes(None, NOON)
    assert store.reads == 0


def test_a_new_secret_is_found_but_wrong_ones_are_not_looked_for_each_time() -> None:
    store = Store()
    check = EdgeCheck(store)
    assert check.passes(A, NOON)
    store.write(store.content.rotated(B))
    assert [check.passes(each, NOON) for each in (B, A, C, C, C)] == [True, True] + [False] * 3
    assert store.reads == 2
    store.write(store.content.rotated(C))
    assert not check.passes(C, NOON + timedelta(seconds=1))
    assert check.passes(C, NOON + timedelta(seconds=2))


def test_while_the_store_is_down_the_known_secret_passes() -> None:
    store = Store()
    check = EdgeCheck(store)
    assert check.passes(A, NOON)
    store.down = True
    assert not check.passes(B, NOON + timedelta(minutes=1))
    assert check.passes(A, NOON + timedelta(minutes=1))


def test_a_rotation_gives_the_edge_a_secret_that_the_function_knows_already() -> None:
    store, edge = Store(), Edge()
    assert rotate_edge_secret(store, edge, lambda: B)
    assert store.content == EdgeSecrets(current=B, previous=A)
    assert edge.sent == B


def test_a_rotation_that_stopped_half_way_goes_on_and_what_the_edge_sends_stays_good() -> None:
    store, edge = Store(), Edge(down=True)
    with pytest.raises(Unavailable):
        rotate_edge_secret(store, edge, lambda: B)
    assert EdgeCheck(store).passes(edge.sent, NOON)
    edge.down = False
    assert rotate_edge_secret(store, edge, lambda: C)
    assert store.content == EdgeSecrets(current=B, previous=A)
    assert edge.sent == B


def test_while_a_change_is_on_its_way_to_the_edge_nothing_is_rotated() -> None:
    """Some edge locations may still send the previous secret."""
    store, edge = Store(EdgeSecrets(current=B, previous=A)), Edge(sent=B, arrived=False)
    assert not rotate_edge_secret(store, edge, lambda: C)
    assert store.content == EdgeSecrets(current=B, previous=A)
    assert edge.sent == B


def test_the_distribution_sends_what_was_written(moto: Moto) -> None:
    cloudfront = moto.client("cloudfront")
    header = CloudFrontHeader(cloudfront, a_distribution(cloudfront, HEADER))
    assert header.read()[0] == A
    header.write(B)
    assert header.read()[0] == B


def test_a_distribution_without_the_header_is_not_changed(moto: Moto) -> None:
    cloudfront = moto.client("cloudfront")
    header = CloudFrontHeader(cloudfront, a_distribution(cloudfront, "x-other"))
    assert header.read()[0] is None
    with pytest.raises(Unavailable, match="deploy the stage"):
        header.write(B)


def a_distribution(cloudfront: "object", name: str) -> str:
    """With one origin, which is sent A in the header `name`."""
    origin = {
        "Id": "api",
        "DomainName": "api.example.com",
        "CustomHeaders": {"Quantity": 1, "Items": [{"HeaderName": name, "HeaderValue": A}]},
        "CustomOriginConfig": {
            "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only",
        },
    }  # fmt: skip
    made = cloudfront.create_distribution(  # type: ignore[attr-defined]
        DistributionConfig={
            "CallerReference": name,
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "api",
                "ViewerProtocolPolicy": "allow-all",
                "MinTTL": 0,
                "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
            },
        }
    )
    return str(made["Distribution"]["Id"])
