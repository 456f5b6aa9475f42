"""Reads the distribution from the engine, so that template.yaml is its only definition.

Path patterns, cache policies, error lifetimes, published viewer-request functions, and
invalidations all come from the CloudFront API.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from local.cache import CachePolicy, KeyNames

if TYPE_CHECKING:
    from mypy_boto3_cloudfront import CloudFrontClient

UNRESERVED = re.compile(r"%(2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])", re.IGNORECASE)


@dataclass(frozen=True)
class Behavior:
    """A cache behavior: what the distribution does with the paths of one pattern.

    `viewer_request` is the source of the published function; `bucket`: the host of an S3 origin
    without access control, to which presigned requests are passed on; `origin`: the host of any
    other origin.
    """

    pattern: str
    policy: CachePolicy
    viewer_request: str | None = None
    bucket: str | None = None
    origin: str = ""

    def covers(self, uri: str) -> bool:
        return _glob(self.pattern).fullmatch(normalized(uri)) is not None


@dataclass(frozen=True)
class Distribution:
    """Behaviours in order of precedence, the default one (`*`) last."""

    behaviors: tuple[Behavior, ...]
    error_ttls: Mapping[int, float]
    default_root: str = ""

    def behavior(self, uri: str) -> Behavior:
        return next(b for b in self.behaviors if b.covers(uri))


@dataclass(frozen=True)
class Invalidation:
    """Created at `created_at`, in seconds since the epoch; CloudFront reports whole seconds."""

    invalidation_id: str
    created_at: float


class ControlPlane(Protocol):
    """What the edge needs from the CloudFront API. Calls may block and may raise anything."""

    def distribution(self) -> Distribution: ...

    def invalidations(self) -> list[Invalidation]: ...

    def paths(self, invalidation_id: str) -> tuple[str, ...]: ...


def normalized(uri: str) -> str:
    """The path that patterns are matched against (CloudFront, "Path pattern"; RFC 3986, 6.2.2).

    Unreserved characters are unescaped and dot segments are resolved; `%2F` stays.
    """
    plain = UNRESERVED.sub(lambda found: chr(int(found[1], 16)), uri)
    kept: list[str] = []
    segments = plain.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if segments[-1:] in (["."], [".."]) and kept else "")


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    rooted = pattern if pattern.startswith(("/", "*")) else f"/{pattern}"
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(c, re.escape(c)) for c in rooted), re.DOTALL)


class CloudFrontApi:
    """The control plane over boto3."""

    def __init__(self, client: "CloudFrontClient", distribution_id: str) -> None:
        self._client = client
        self._id = distribution_id

    def distribution(self) -> Distribution:
        """Raises ValueError for a behavior without a cache policy (the old ForwardedValues)."""
        config: Any = self._client.get_distribution_config(Id=self._id)["DistributionConfig"]
        origins = _items(config["Origins"])
        buckets = {o["Id"]: o["DomainName"] for o in origins if _is_open_bucket(o)}
        hosts = {o["Id"]: o["DomainName"] for o in origins if "CustomOriginConfig" in o}
        patterns = [*_items(config.get("CacheBehaviors")), config["DefaultCacheBehavior"]]
        return Distribution(
            tuple(self._behaviour(raw, buckets, hosts) for raw in patterns),
            {
                int(rule["ErrorCode"]): float(rule["ErrorCachingMinTTL"])
                for rule in _items(config.get("CustomErrorResponses"))
                if "ErrorCachingMinTTL" in rule
            },
            config.get("DefaultRootObject", ""),
        )

    def invalidations(self) -> list[Invalidation]:
        pages = self._client.get_paginator("list_invalidations").paginate(DistributionId=self._id)
        found = (item for page in pages for item in _items(page["InvalidationList"]))
        return [Invalidation(item["Id"], item["CreateTime"].timestamp()) for item in found]

    def paths(self, invalidation_id: str) -> tuple[str, ...]:
        answer = self._client.get_invalidation(DistributionId=self._id, Id=invalidation_id)
        return tuple(answer["Invalidation"]["InvalidationBatch"]["Paths"]["Items"])

    def _behaviour(
        self, raw: Mapping[str, Any], buckets: Mapping[str, str], hosts: Mapping[str, str]
    ) -> Behavior:
        pattern = raw.get("PathPattern", "*")
        if not raw.get("CachePolicyId"):
            raise ValueError(
                f"behavior {pattern} has no CachePolicyId: give it one in template.yaml"
            )
        return Behavior(
            pattern,
            self._policy(raw["CachePolicyId"]),
            self._viewer_request(raw),
            buckets.get(raw["TargetOriginId"]),
            hosts.get(raw["TargetOriginId"], ""),
        )

    def _policy(self, policy_id: str) -> CachePolicy:
        found: Any = self._client.get_cache_policy(Id=policy_id)["CachePolicy"]["CachePolicyConfig"]
        parts = found.get("ParametersInCacheKeyAndForwardedToOrigin", {})
        offered = {"br": "EnableAcceptEncodingBrotli", "gzip": "EnableAcceptEncodingGzip"}
        return CachePolicy(
            min_s=float(found["MinTTL"]),
            default_s=float(found.get("DefaultTTL", 86_400)),
            max_s=float(found.get("MaxTTL", 31_536_000)),
            query=_key_names(parts.get("QueryStringsConfig", {}), "QueryString"),
            headers=_key_names(parts.get("HeadersConfig", {}), "Header", lower=True),
            cookies=_key_names(parts.get("CookiesConfig", {}), "Cookie"),
            encodings=tuple(name for name, flag in offered.items() if parts.get(flag)),
        )

    def _viewer_request(self, raw: Mapping[str, Any]) -> str | None:
        for item in _items(raw.get("FunctionAssociations")):
            if item["EventType"] == "viewer-request":
                name = item["FunctionARN"].rpartition("/")[2]
                code = self._client.get_function(Name=name, Stage="LIVE")["FunctionCode"].read()
                return code.decode()
        return None


def _is_open_bucket(origin: Mapping[str, Any]) -> bool:
    return "S3OriginConfig" in origin and not (
        origin.get("OriginAccessControlId") or origin["S3OriginConfig"].get("OriginAccessIdentity")
    )


def _items(listed: Any) -> list[Any]:
    """The items of `{"Quantity": n, "Items": […]}`; CloudFront omits Items if n is zero."""
    return list((listed or {}).get("Items", []))


def _key_names(config: Mapping[str, Any], what: str, *, lower: bool = False) -> KeyNames:
    names = _items(config.get(f"{what}s" if f"{what}s" in config else what))
    kind = config.get(f"{what}Behavior", "none")
    return KeyNames(kind, frozenset(name.lower() if lower else name for name in names))
