"""The push API of a stage: made once, repaired, and with a key that never runs out."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from deploy.push import KEY_LASTS, ensure
from tests.support.builders import NOON

LAST = 1
"""How many items the fake service puts on a page of a list."""


@dataclass
class FakeAppSync:
    apis: list[dict[str, Any]] = field(default_factory=list)
    channels: list[dict[str, Any]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def create_api(self, name: str, **_: Any) -> Any:
        self.calls.append("create_api")
        dns = {"HTTP": f"{name}.appsync-api.test:4566", "REALTIME": f"{name}.realtime.test:4566"}
        self.apis.append({"apiId": f"id-{name}", "name": name, "dns": dns})
        return {"api": self.apis[-1]}

    def create_channel_namespace(self, **asked: Any) -> None:
        self.calls.append("create_channel_namespace")
        self.channels.append(asked)

    def update_channel_namespace(self, **asked: Any) -> None:
        self.calls.append("update_channel_namespace")
        self.channels = [asked]

    def create_api_key(self, expires: int, **_: Any) -> Any:
        self.calls.append("create_api_key")
        self.keys.append({"id": f"key-{len(self.keys)}", "expires": expires})
        return {"apiKey": self.keys[-1]}

    def list_apis(self, nextToken: str = "0") -> Any:  # noqa: N803 - as AWS has it
        return self._page("apis", self.apis, int(nextToken))

    def list_channel_namespaces(self, **_: Any) -> Any:
        return {"channelNamespaces": self.channels}

    def list_api_keys(self, **_: Any) -> Any:
        return {"apiKeys": self.keys}

    def _page(self, name: str, items: list[dict[str, Any]], first: int) -> Any:
        end = first + LAST
        more = {"nextToken": str(end)} if end < len(items) else {}
        return {name: items[first:end], **more}


@pytest.fixture
def appsync() -> FakeAppSync:
    service = FakeAppSync()
    service.create_api("haulway-other")
    ensure(service, "staging", NOON)
    service.calls.clear()
    return service


def test_a_stage_has_one_api_with_channels_that_only_functions_publish_on(
    appsync: FakeAppSync,
) -> None:
    [channels] = appsync.channels
    assert channels["publishAuthModes"] == [{"authType": "AWS_IAM"}]
    assert channels["subscribeAuthModes"] == [{"authType": "API_KEY"}]
    assert "includes('*')" in channels["codeHandlers"]


def test_the_next_deployment_finds_everything_and_makes_nothing(appsync: FakeAppSync) -> None:
    found = ensure(appsync, "staging", NOON + timedelta(days=29))
    assert found.api_id == "id-haulway-staging"
    assert found.host == "haulway-staging.appsync-api.test"
    assert appsync.calls == []


def test_the_channels_of_an_earlier_version_are_brought_up_to_date(appsync: FakeAppSync) -> None:
    appsync.channels[0]["codeHandlers"] = "export function onSubscribe() {}"
    ensure(appsync, "staging", NOON)
    assert appsync.calls == ["update_channel_namespace"]


def test_a_deployment_after_a_month_makes_a_new_key_and_leaves_the_old_one(
    appsync: FakeAppSync,
) -> None:
    later = NOON + timedelta(days=31)
    assert ensure(appsync, "staging", later).api_key == "key-1"
    assert appsync.keys[1]["expires"] == int((later + KEY_LASTS).timestamp())
    assert appsync.keys[0]["id"] == "key-0"
