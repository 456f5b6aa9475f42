"""The board, as those see it who ask: all of it, or for crew the jobs they are on."""

import hashlib
import json
from collections.abc import Sequence

from functions.api.board_search import finds
from functions.api.dependencies import Api
from functions.api.request import ApiRequest
from functions.api.request_models import JobsQuery
from functions.api.response_models import FlowsDocument, JobsDocument
from functions.api.responses import ApiResponse
from functions.people.sessions import Session
from statemachine.flows import flow_names, load_flow
from statemachine.views import Card

LARGEST_BYTES = 4_500_000
"""Of cards in one answer, as they are once Lambda has written the body as a string: its answers may
have 6 MB (AWS's documentation, "Lambda quotas", read 2026-11-28)."""
SEES_ALL = frozenset({"owner", "dispatcher", "supervisor", "ops"})


def sees_all(session: Session) -> bool:
    return not SEES_ALL.isdisjoint(session.account.roles)


def list_jobs(api: Api, ask: ApiRequest) -> ApiResponse:
    """The cards; 304 without a look at them where the board has not changed."""
    wanted = ask.parameters_as(JobsQuery)
    stored = api.boards.latest(ask.who.tenant)
    scope = "all" if sees_all(ask.who) else ask.who.account.account
    page = f"{wanted.limit}|{wanted.after or ''}"
    etag = _etag(stored.etag, scope, wanted.status or "", (wanted.q or "").casefold(), page)
    headers = {"ETag": f"W/{etag}"}
    if etag in ask.known_etags:
        return ApiResponse(304, headers=headers)
    cards = [card for card in stored.value.jobs.values() if _fits(card, wanted)]
    if not sees_all(ask.who):
        cards = api.crews.cards_of(ask.who, cards)
    behind = sorted(
        (card for card in cards if card.job_id > (wanted.after or "")), key=lambda c: c.job_id
    )
    page_of = _first_of(behind, wanted.limit)
    more = page_of[-1].job_id if len(page_of) < len(behind) else None
    document = JobsDocument(jobs={card.job_id: card for card in page_of}, next=more, as_of=ask.now)
    return ApiResponse(200, document, headers, compress=True)


def _first_of(cards: Sequence[Card], limit: int) -> Sequence[Card]:
    """As many as `limit` and LARGEST_BYTES allow, at least one."""
    size = 0
    for number, card in enumerate(cards[:limit]):
        size += len(json.dumps(card.model_dump_json(exclude_none=True)))
        if number and size > LARGEST_BYTES:
            return cards[:number]
    return cards[:limit]


def list_flows(api: Api, ask: ApiRequest) -> ApiResponse:
    """The flows as their files have them: labels, colours and moves for the pages."""
    flows = {name: load_flow(name) for name in flow_names()}
    business = api.tenants.read(ask.who.tenant)
    document = FlowsDocument(flows=flows, default=business.flow, time_zone=business.time_zone)
    etag = _etag(document.model_dump_json())
    if etag in ask.known_etags:
        return ApiResponse(304, headers={"ETag": etag})
    return ApiResponse(200, document, {"ETag": etag}, compress=True)


def _etag(*parts: str) -> str:
    return f'"{hashlib.sha256("|".join(parts).encode()).hexdigest()[:20]}"'


def _fits(card: Card, wanted: JobsQuery) -> bool:
    if wanted.status and card.status not in wanted.status.split(","):
        return False
    return finds(wanted.q or "", card)
