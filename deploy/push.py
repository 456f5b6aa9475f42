"""The API of AWS AppSync Events through which pages hear of changes, made before the stack.

The laptop engine's CloudFormation does not have these resources, so they are made by calls, as the
versions of the state machines are. Each call is idempotent: a deployment that was stopped goes on.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deploy.pages import Page
from functions.aws.appsync import NAMESPACE

FILE = "shared/push.json"
"""Tells pages where to listen; without it they poll."""
KEY_LASTS = timedelta(days=364)
"""AppSync allows 365 days (API key authorization, read 2026-11-21)."""
KEY_RENEWED_AFTER = timedelta(days=30)
CHANNEL_LENGTH = len(f"/{NAMESPACE}/") + 32
ON_SUBSCRIBE = f"""import {{ util }} from '@aws-appsync/utils';

// Only whole names of channels: a wildcard would hear the hints of everyone.
export function onSubscribe(ctx) {{
    const path = ctx.info.channel.path;
    if (path.includes('*') || path.length !== {CHANNEL_LENGTH}) {{
        util.unauthorized();
    }}
}}
"""
KEY, IAM = {"authType": "API_KEY"}, {"authType": "AWS_IAM"}
EVENTS = {
    "authProviders": [KEY, IAM],
    "connectionAuthModes": [KEY],
    "defaultPublishAuthModes": [IAM],
    "defaultSubscribeAuthModes": [KEY],
}
CHANNELS: dict[str, Any] = {
    "publishAuthModes": [IAM],
    "subscribeAuthModes": [KEY],
    "codeHandlers": ON_SUBSCRIBE,
}


@dataclass(frozen=True)
class PushApi:
    """The API of a stage. The key is public: it only lets a page listen."""

    api_id: str
    host: str
    realtime_host: str
    api_key: str

    @property
    def parameters(self) -> dict[str, str]:
        """Of the template."""
        return {
            "PushApiId": self.api_id,
            "PushHost": self.host,
            "PushRealtimeHost": self.realtime_host,
        }

    @property
    def page(self) -> Page:
        return Page(FILE, json.dumps({"host": self.host, "api_key": self.api_key}).encode())


def ensure(appsync: Any, stage: str, now: datetime) -> PushApi:
    """The API of the stage, made if there is none, with a key that lasts."""
    name = f"haulway-{stage}"
    api = _found(appsync, name) or appsync.create_api(name=name, eventConfig=EVENTS)["api"]
    api_id = api["apiId"]
    _ensure_channels(appsync, api_id)
    host, realtime_host = (api["dns"][kind].partition(":")[0] for kind in ("HTTP", "REALTIME"))
    return PushApi(api_id, host, realtime_host, _key(appsync, api_id, now))


def _found(appsync: Any, name: str) -> Mapping[str, Any] | None:
    apis = _all(appsync.list_apis, "apis")
    return next((api for api in apis if api["name"] == name), None)


def _ensure_channels(appsync: Any, api_id: str) -> None:
    namespaces = _all(appsync.list_channel_namespaces, "channelNamespaces", apiId=api_id)
    known = next((each for each in namespaces if each["name"] == NAMESPACE), None)
    if known is None:
        appsync.create_channel_namespace(apiId=api_id, name=NAMESPACE, **CHANNELS)
    elif any(known.get(name) != wanted for name, wanted in CHANNELS.items()):
        appsync.update_channel_namespace(apiId=api_id, name=NAMESPACE, **CHANNELS)


def _key(appsync: Any, api_id: str, now: datetime) -> str:
    """The newest key, or a new one if it is old. Pages that are open keep theirs until it ends."""
    keys = _all(appsync.list_api_keys, "apiKeys", apiId=api_id)
    newest = max(keys, key=lambda key: int(key["expires"]), default=None)
    renewed_at = int((now + KEY_LASTS - KEY_RENEWED_AFTER).timestamp())
    if newest is None or newest["expires"] < renewed_at:
        expires = int((now + KEY_LASTS).timestamp())
        newest = appsync.create_api_key(apiId=api_id, expires=expires)["apiKey"]
    return str(newest["id"])


def _all(call: Any, items: str, **asked: Any) -> Iterator[Mapping[str, Any]]:
    token: dict[str, str] = {}
    while True:
        answer = call(**asked, **token)
        yield from answer[items]
        if "nextToken" not in answer:
            return
        token = {"nextToken": answer["nextToken"]}
