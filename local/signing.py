"""Origin access control for a Function URL: the signature that CloudFront puts on a request.

MiniStack (1.5.33) serves an `AWS_IAM` Function URL behind a distribution but does not sign for it.
What it checks, read in its source and tried: the request must carry a header
`Authorization: AWS4-HMAC-SHA256 …`, and with AUTH=true its owner must be allowed
`lambda:InvokeFunctionUrl` on the function. For the key of an IAM user or a role the signature is
recomputed over the request *as it arrived at the engine's port*: method, raw path, query, the named
headers, the value of `x-amz-content-sha256` (without it the body's digest), not older than five
minutes. For a root key (`test`, the configured key, an account number) it is not looked at. Service
and region are taken from the credential scope, whatever they are, and `x-amz-content-sha256` is not
compared with the body: that comparison is AWS's, and made here.
"""

import hashlib
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.cache import Fields, field_value

METHODS_WITH_BODY = frozenset({"POST", "PUT"})
OVERWRITTEN = frozenset({"authorization", "x-amz-date", "x-amz-security-token"})


class Signer(NamedTuple):
    """Whose key, and in which region."""

    access_key_id: str
    secret_access_key: str
    region: str

    def sign(self, method: str, host: str, uri: str, query: str, headers: Fields) -> Fields:
        """`headers` with the edge's own Authorization; whatever the viewer sent there is gone."""
        pairs = urlencode(parse_qsl(query, keep_blank_values=True), quote_via=quote, safe="~")
        request = AWSRequest(method, f"https://{host}{uri}?{pairs}", headers={"host": host})
        digest = field_value(headers, "x-amz-content-sha256") or hashlib.sha256().hexdigest()
        request.headers["x-amz-content-sha256"] = digest
        key = Credentials(self.access_key_id, self.secret_access_key)
        SigV4Auth(key, "lambda", self.region).add_auth(request)
        own = {name.lower(): value for name, value in request.headers.items() if name != "host"}
        kept = tuple(h for h in headers if h[0] not in OVERWRITTEN and h[0] not in own)
        return kept + tuple(own.items())


def body_is_vouched_for(method: str, headers: Fields, body: bytes) -> bool:
    """Whether the viewer sent the digest that AWS demands of POST and PUT (and of any body).

    CloudFront, "Restrict access to an AWS Lambda function URL origin", read 2026-11-21: CloudFront
    cannot hash the body for the viewer, and Lambda takes no unsigned payload.
    """
    claimed = field_value(headers, "x-amz-content-sha256")
    if claimed is None:
        return not body and method not in METHODS_WITH_BODY
    return claimed == hashlib.sha256(body).hexdigest()
