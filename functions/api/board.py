"""The board as the signed-in account may see it: all of it, or only the jobs it works on."""

import hashlib
import json
from collections.abc import Iterable, Sequence

from functions.api.board_search import matches
from functions.api.conversations import listed_conversations
from functions.api.dependencies import Api
from functions.api.request import ApiRequest
from functions.api.request_models import JobsQuery
from functions.api.response_models import FlowsDocument, JobsDocument
from functions.api.responses import ApiResponse, sees_all
from functions.api.search import search_jobs
from functions.people.sessions import Session
from statemachine.business.own_labels import labeled
from statemachine.flows import flow_names, load_flow
from statemachine.views.views import Card

LARGEST_BYTES = 4_500_000
"""Of cards in one response, measured as the string that Lambda returns: its limit is 6 MB (AWS
documentation, "Lambda quotas", read 2026-11-28)."""


def cards_of(session: Session, cards: Iterable[Card]) -> list[Card]:
    """The cards of the jobs that the signed-in account is on."""
    me = session.account.account
    return [card for card in cards if any(member.member == me for member in card.crew)]


def list_jobs(api: Api, request: ApiRequest) -> ApiResponse:
    """One page of cards; 304, without filtering them, if the board has not changed. With
    `scope=all`, what a search of all jobs finds."""
    wanted = request.query_as(JobsQuery)
    if wanted.scope == "all":
        return search_jobs(api, request, wanted)
    stored = api.boards.latest(request.session.tenant)
    scope = "all" if sees_all(request.session) else request.session.account.account
    page = f"{wanted.limit}|{wanted.after or ''}"
    conversations = listed_conversations(api, request)
    seen = ",".join(f"{each.conversation}{each.version}" for each in conversations)
    etag = _etag(stored.etag, seen, scope, wanted.status or "", (wanted.q or "").casefold(), page)
    headers = {"ETag": f"W/{etag}"}
    if etag in request.known_etags:
        return ApiResponse(304, headers=headers)
    cards = [card for card in stored.value.jobs.values() if _matches(card, wanted)]
    channel = None
    if sees_all(request.session):
        channel = api.board_channel(request.session.tenant)
    else:
        cards = cards_of(request.session, cards)
    remaining = sorted(
        (card for card in cards if card.job_id > (wanted.after or "")), key=lambda c: c.job_id
    )
    shown = _first_page(remaining, wanted.limit)
    following = shown[-1].job_id if len(shown) < len(remaining) else None
    document = JobsDocument(
        jobs={card.job_id: card for card in shown}, next=following, as_of=request.now,
        conversations=conversations, hint_channel=channel,
    )  # fmt: skip
    return ApiResponse(200, document, headers, compress=True)


def _first_page(cards: Sequence[Card], limit: int) -> Sequence[Card]:
    """As many as `limit` and LARGEST_BYTES allow, at least one."""
    size = 0
    for number, card in enumerate(cards[:limit]):
        size += len(json.dumps(card.model_dump_json(exclude_none=True)))
        if number and size > LARGEST_BYTES:
            return cards[:number]
    return cards[:limit]


def list_flows(api: Api, request: ApiRequest) -> ApiResponse:
    """The flows as in their files, with the business's own labels: the pages take labels, colors,
    and moves from them."""
    business = api.tenants.read(request.session.tenant)
    flows = {name: labeled(load_flow(name), business.own_labels) for name in flow_names()}
    document = FlowsDocument(
        flows=flows,
        default=business.flow,
        time_zone=business.time_zone,
        currency=business.currency,
    )
    etag = _etag(document.model_dump_json())
    if etag in request.known_etags:
        return ApiResponse(304, headers={"ETag": etag})
    return ApiResponse(200, document, {"ETag": etag}, compress=True)


def _etag(*parts: str) -> str:
    return f'"{hashlib.sha256("|".join(parts).encode()).hexdigest()[:20]}"'


def _matches(card: Card, wanted: JobsQuery) -> bool:
    if wanted.status and card.status not in wanted.status.split(","):
        return False
    return matches(wanted.q or "", card)
