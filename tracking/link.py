"""From what a customer was sent to the two addresses a reader asks."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from statemachine.ids import digest_of

SITE = r"(https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)"
SITE_URL = re.compile(SITE + r"(?:[/?#].*)?")
AROUND = r"[^A-Za-z0-9_\-/?#]*"
"""What a message may put around a link or a token: quotes, brackets, a full stop, blanks."""
TOKEN = rf"{AROUND}([A-Za-z0-9_-]{{22}})(?![A-Za-z0-9])[_-]*{AROUND}"
LINK_URL = re.compile(AROUND + SITE + rf"/track/+{TOKEN}/*{AROUND}(?:[?#].*)?", re.DOTALL)
BARE_TOKEN = re.compile(TOKEN)
WHAT_A_LINK_IS = "a tracking link (https://…/track/…) or its token (22 letters, digits, - or _)"


@dataclass(frozen=True)
class Link:
    """Where one view is found. The token is not in it: only its digest is ever sent or kept."""

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

    An address knows its own host, so `edge_url` is not looked at. Raises ValueError, which says
    what was expected and never repeats the token.
    """
    text = unquote(token_or_url)
    if bare := BARE_TOKEN.fullmatch(text):
        if edge_url is None:
            raise ValueError("a token alone does not say where to ask: add the site's address")
        return Link(_site_of(edge_url), digest_of(bare[1]))
    found = LINK_URL.fullmatch(text)
    if found is None:
        raise ValueError(f"this is not {WHAT_A_LINK_IS}")
    return Link(found[1], digest_of(found[2]))


def _site_of(url: str) -> str:
    site = SITE_URL.fullmatch(url)
    if site is None:
        raise ValueError("the site's address must start with http:// or https:// and name a host")
    return site[1]
