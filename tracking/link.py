"""From the text that a customer was sent to the two addresses of a view."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from statemachine.values.ids import digest_of

SITE = r"(https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)"
SITE_URL = re.compile(SITE + r"(?:[/?#].*)?")
AROUND = r"[^A-Za-z0-9_\-/?#]*"
"""What a message may add around a link or a token: quotes, brackets, periods, spaces."""
TOKEN = rf"{AROUND}([A-Za-z0-9_-]{{22}})(?![A-Za-z0-9])[_-]*{AROUND}"
LINK_URL = re.compile(AROUND + SITE + rf"/track/+{TOKEN}/*{AROUND}(?:[?#].*)?", re.DOTALL)
BARE_TOKEN = re.compile(TOKEN)
EXPECTED = "a tracking link (https://…/track/…) or its token (22 letters, digits, - or _)"


@dataclass(frozen=True)
class Link:
    """Where a view is. It has no token, because only the digest is ever sent or stored."""

    site: str
    """Scheme and host, as `https://example.com`."""
    digest: str

    @property
    def edge_url(self) -> str:
        return f"{self.site}/t/{self.digest}.json"

    @property
    def api_url(self) -> str:
        return f"{self.site}/api/track/{self.digest}"


def parse_link(token_or_url: str, edge_url: str | None = None) -> Link:
    """The link behind a `/track/` address, or behind a bare token at `edge_url`.

    `edge_url` is ignored if the address has a host. Raises ValueError, which says what was expected
    and never repeats the token.
    """
    text = unquote(token_or_url)
    if bare := BARE_TOKEN.fullmatch(text):
        if edge_url is None:
            raise ValueError("a token alone has no site: add the site's address")
        return Link(_site_of(edge_url), digest_of(bare[1]))
    found = LINK_URL.fullmatch(text)
    if found is None:
        raise ValueError(f"this is not {EXPECTED}")
    return Link(found[1], digest_of(found[2]))


def _site_of(url: str) -> str:
    site = SITE_URL.fullmatch(url)
    if site is None:
        raise ValueError("the site's address must start with http:// or https:// and name a host")
    return site[1]
