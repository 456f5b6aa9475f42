"""Origin access control for a Function URL: signs requests as CloudFront does.

MiniStack (1.5.33) serves an `AWS_IAM` Function URL behind a distribution but does not sign requests
to it. It checks (found in its source and by experiment): the request must have a header
`Authorization: AWS4-HMAC-SHA256 …`, and with AUTH=true the key's owner must be allowed
`lambda:InvokeFunctionUrl` on the function. For the key of an IAM user or role, MiniStack recomputes
the signature over the request as it arrives at the engine's port: method, raw path, query, signed
headers, and the value of `x-amz-content-sha256` (or else the body's digest); it must not be older
than five minutes. It does not check the signature of a root key (`test`, the configured key, an
account number). It accepts any service and region in the credential scope, and does not compare
`x-amz-content-sha256` with the body; AWS does, and so does this module.
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
    """Signs with this key, in this region."""

    access_key_id: str
    secret_access_key: str
    region: str

    def sign(self, method: str, host: str, uri: str, query: str, headers: Fields) -> Fields:
        """`headers` with the edge's Authorization instead of the viewer's."""
        pairs = urlencode(parse_qsl(query, keep_blank_values=True), quote_via=quote, safe="~")
        request = AWSRequest(method, f"https://{host}{uri}?{pairs}", headers={"host": host})
        digest = field_value(headers, "x-amz-content-sha256") or hashlib.sha256().hexdigest()
        request.headers["x-amz-content-sha256"] = digest
        key = Credentials(self.access_key_id, self.secret_access_key)
        SigV4Auth(key, "lambda", self.region).add_auth(request)
        own = {name.lower(): value for name, value in request.headers.items() if name != "host"}
        kept = tuple(h for h in headers if h[0] not in OVERWRITTEN and h[0] not in own)
        return kept + tuple(own.items())


def has_body_digest(method: str, headers: Fields, body: bytes) -> bool:
    """Whether the viewer sent the digest that AWS requires for POST, PUT, and any body.

    CloudFront, "Restrict access to an AWS Lambda function URL origin", read 2026-11-21: CloudFront
    cannot hash the body for the viewer, and Lambda accepts no unsigned payload.
    """
    claimed = field_value(headers, "x-amz-content-sha256")
    if claimed is None:
        return not body and method not in METHODS_WITH_BODY
    return claimed == hashlib.sha256(body).hexdigest()
