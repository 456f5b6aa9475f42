"""The edge in front of MiniStack itself, with permission checks on: one distribution, whole."""

import io
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from local.edge import EdgeConfig, EdgeServer
from local.engine import NO_OTHER_PORTS
from tests.local.stubs import REWRITE, node_or_skip

REGION = "us-east-1"
ROOT_KEY = "test"
EDGE_MAY = ["cloudfront:Get*", "cloudfront:List*", "lambda:InvokeFunctionUrl"]
START_S = 20.0
TOKEN = "kX9bQ2vN7rT4wY1zA6cE3g"
OTHER = "zzzzQ2vN7rT4wY1zA6cE3g"
VIEW = "t/0123456789abcdef0123456789abcdef.json"
BUCKET = "site-of-the-edge-test"
CODE = """
import json
def handler(event, context):
    seen = {"path": event["rawPath"], "query": event["rawQueryString"],
            "cookie": event["headers"].get("cookie"),
            "method": event["requestContext"]["http"]["method"],
            "authorization": event["headers"].get("authorization"),
            "secret": event["headers"].get("x-secret"),
            "length": len(event.get("body") or "")}
    print(json.dumps(seen))
    return {"statusCode": 200, "headers": {"content-type": "application/json",
            "cache-control": "max-age=60"}, "cookies": ["__Host-s=2", "b=1"],
            "body": json.dumps(seen)}
"""
pytestmark = pytest.mark.engine

ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


class Cloud:
    """boto3 clients against one MiniStack."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __getattr__(self, service: str) -> Any:
        session = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=REGION)
        client: Any = session.client
        return client(service, endpoint_url=self.url)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    node_or_skip()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("ministack")
    log = folder / "log"
    own = {
        "AUTH": "true", "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1",
        "TMPDIR": str(folder), **NO_OTHER_PORTS,
    }  # fmt: skip
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with log.open("wb") as out:
        engine = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env={**os.environ, **own, "PATH": path},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, engine, log)
        yield Cloud(url)
    finally:
        engine.terminate()
        engine.wait(10)


def wait_for(url: str, engine: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and engine.poll() is None:
        try:
            if httpx.get(f"{url}/_ministack/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"MiniStack did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def config(cloud: Cloud) -> EdgeConfig:
    """A distribution like that of template.yaml: site bucket, views, API behind a Function URL."""
    cloud.s3.create_bucket(Bucket=BUCKET)
    views = a_cache_policy(cloud, "views", min_s=0, default_s=2, max_s=60)
    pages = a_cache_policy(cloud, "pages", min_s=0, default_s=300, max_s=300, gzip=True)
    api_host = a_function_url(cloud)
    rewrite = a_published_function(cloud)
    site = a_behaviour("site", pages, rewrite=rewrite)
    made = cloud.cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": "edge-test",
            "Comment": "",
            "Enabled": True,
            "Origins": listed(an_s3_origin(cloud), an_api_origin(cloud, api_host)),
            "DefaultCacheBehavior": site,
            "CacheBehaviors": listed(
                {
                    "PathPattern": "/api/*",
                    **a_behaviour("api", CACHING_DISABLED),
                    "OriginRequestPolicyId": ALL_VIEWER_EXCEPT_HOST,
                    "AllowedMethods": listed(
                        "GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"
                    ),
                },
                {"PathPattern": "/t/*", **a_behaviour("site", views)},
                {"PathPattern": "/track/*", **site},
            ),
            "CustomErrorResponses": listed(
                *({"ErrorCode": code, "ErrorCachingMinTTL": 0} for code in (403, 404))
            ),
        }
    )["Distribution"]
    allow_cloudfront_to_read(cloud, made["ARN"])
    key_id, secret = a_key_for(cloud, "edge", EDGE_MAY)
    return EdgeConfig(
        listen_port=0,
        engine_url=cloud.url,
        distribution_id=made["Id"],
        distribution_domain=made["DomainName"],
        region=REGION,
        access_key_id=key_id,
        secret_access_key=secret,
        lag_s=0.0,
        poll_s=0.05,
    )


def a_key_for(cloud: Cloud, name: str, actions: list[str]) -> tuple[str, str]:
    """The key of an IAM user, not a root key: only then is a signature really checked."""
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    cloud.iam.create_user(UserName=name)
    cloud.iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=json.dumps(policy))
    key = cloud.iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def listed(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)}


def a_behaviour(origin: str, policy_id: str, rewrite: str | None = None) -> dict[str, Any]:
    behavior: dict[str, Any] = {
        "TargetOriginId": origin,
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": policy_id,
    }
    if rewrite is not None:
        association = {"EventType": "viewer-request", "FunctionARN": rewrite}
        behavior["FunctionAssociations"] = listed(association)
    return behavior


def a_cache_policy(
    cloud: Cloud, name: str, *, min_s: int, default_s: int, max_s: int, gzip: bool = False
) -> str:
    made = cloud.cloudfront.create_cache_policy(
        CachePolicyConfig={
            "Name": name,
            "MinTTL": min_s,
            "DefaultTTL": default_s,
            "MaxTTL": max_s,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": gzip,
                "HeadersConfig": {"HeaderBehavior": "none"},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "none"},
            },
        }
    )
    return str(made["CachePolicy"]["Id"])


def access_control(cloud: Cloud, kind: str) -> str:
    made = cloud.cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": kind,
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": kind,
        }
    )
    return str(made["OriginAccessControl"]["Id"])


def an_s3_origin(cloud: Cloud) -> dict[str, Any]:
    return {
        "Id": "site",
        "DomainName": f"{BUCKET}.s3.{REGION}.amazonaws.com",
        "OriginAccessControlId": access_control(cloud, "s3"),
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }


def an_api_origin(cloud: Cloud, host: str) -> dict[str, Any]:
    return {
        "Id": "api",
        "DomainName": host,
        "CustomHeaders": listed({"HeaderName": "x-secret", "HeaderValue": "of the edge"}),
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
        },
    }


def a_published_function(cloud: Cloud) -> str:
    settings = {"Comment": "", "Runtime": "cloudfront-js-2.0"}
    made = cloud.cloudfront.create_function(
        Name="rewrite", FunctionConfig=settings, FunctionCode=REWRITE.encode()
    )
    live = cloud.cloudfront.publish_function(Name="rewrite", IfMatch=made["ETag"])
    return str(live["FunctionSummary"]["FunctionMetadata"]["FunctionARN"])


def a_function_url(cloud: Cloud) -> str:
    """The host of an open Function URL whose function tells what arrived."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = cloud.iam.create_role(RoleName="api", AssumeRolePolicyDocument=json.dumps(trust))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("api.py", CODE)
    getattr(cloud, "lambda").create_function(
        FunctionName="api",
        Runtime="python3.13",
        Role=role["Role"]["Arn"],
        Handler="api.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    url = getattr(cloud, "lambda").create_function_url_config(FunctionName="api", AuthType="NONE")[
        "FunctionUrl"
    ]
    return str(httpx.URL(url).host)


def allow_cloudfront_to_read(cloud: Cloud, distribution_arn: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution_arn}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    cloud.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def put(cloud: Cloud, key: str, body: bytes, cache_control: str = "s-maxage=60") -> None:
    cloud.s3.put_object(Bucket=BUCKET, Key=key, Body=body, CacheControl=cache_control)


def seen(answer: httpx.Response) -> tuple[int, bytes, str]:
    outcome = answer.headers["x-cache"].removesuffix(" from cloudfront")
    return answer.status_code, answer.content, outcome


def test_a_page_a_view_an_invalidation_and_the_api(cloud: Cloud, config: EdgeConfig) -> None:
    """One story rather than many tests: the engine takes seconds to start."""
    put(cloud, "track/index.html", b"<p>page</p>")
    with EdgeServer(config) as server, httpx.Client(base_url=server.url) as viewer:
        assert seen(viewer.get(f"/track/{TOKEN}")) == (200, b"<p>page</p>", "Miss")
        assert seen(viewer.get(f"/track/{OTHER}?lang=es")) == (200, b"<p>page</p>", "Hit")
        assert viewer.get("/.env").headers["x-cache"] == "FunctionGeneratedResponse from cloudfront"

        assert seen(viewer.get(f"/{VIEW}"))[0] == 403
        put(cloud, VIEW, b'{"rev":1}', "s-maxage=1")
        assert seen(viewer.get(f"/{VIEW}")) == (200, b'{"rev":1}', "Miss")
        time.sleep(1.05)
        assert seen(viewer.get(f"/{VIEW}")) == (200, b'{"rev":1}', "RefreshHit")
        put(cloud, VIEW, b'{"rev":2}', "s-maxage=60")
        time.sleep(1.05)
        assert seen(viewer.get(f"/{VIEW}")) == (200, b'{"rev":2}', "Miss")
        put(cloud, VIEW, b'{"rev":3}', "s-maxage=60")
        assert seen(viewer.get(f"/{VIEW}")) == (200, b'{"rev":2}', "Hit")
        cloud.cloudfront.create_invalidation(
            DistributionId=config.distribution_id,
            InvalidationBatch={"Paths": listed(f"/{VIEW}"), "CallerReference": "1"},
        )
        deadline = time.monotonic() + 5
        while viewer.get(f"/{VIEW}").content != b'{"rev":3}':
            assert time.monotonic() < deadline
            time.sleep(0.02)

        asked = viewer.get("/api/jobs?status=a+b&x=%7e", headers={"cookie": "__Host-s=1"})
        assert asked.headers.get_list("set-cookie") == ["__Host-s=2", "b=1"]
        assert asked.json()["path"] == "/api/jobs"
        assert asked.json()["cookie"] == "__Host-s=1"  # AWS: event["cookies"]
        body = b"x" * 1_000_000
        mine = {"authorization": "Bearer mine", "x-secret": "mine"}
        sent = viewer.post("/api/jobs", content=body, headers=mine)
        assert sent.status_code == 200
        assert sent.headers["x-cache"] == "Miss from cloudfront"
        assert sent.json()["method"] == "POST"
        assert sent.json()["authorization"] == "Bearer mine"
        assert sent.json()["secret"] == "of the edge", "and not the viewer's"
        for path in (
            "/api/jobs/?status=a%20b&c=%2F&a=1&e=",
            "/api/crew/Mar%C3%ADa?x=a+b&y=%7e",
        ):
            assert viewer.get(path).status_code == 200, path
        assert viewer.head(f"/{VIEW}").headers["content-length"] == "9"
