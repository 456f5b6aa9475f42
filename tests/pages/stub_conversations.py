"""Conversations in memory: what a test puts in, what a page sends, and what was read."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.conversation_models import ConversationDocument, OfficeTextBody, ReadBody
from functions.messages.phone_numbers import digest_of
from statemachine.messages.conversation import Conversation, ConversationMessage
from tests.pages.stub_data import now

if TYPE_CHECKING:
    from tests.pages.stub_api import Stub

JSON = "application/json"


class ConversationsStub:
    def __init__(self, stub: "Stub") -> None:
        self.stub = stub

    @property
    def known(self) -> dict[str, Conversation]:
        """Each test has its own data."""
        return self.stub.data.conversations

    def routes(self) -> list[Route]:
        path, guarded = "/api/conversations/{conversation}", self.stub.guarded
        return [
            Route("/api/jobs/{job_id}/conversation", guarded(self.of_job)),
            Route(path, guarded(self.of_number)),
            Route(f"{path}/messages", guarded(self.send), methods=["POST"]),
            Route(f"{path}/read", guarded(self.read), methods=["PUT"]),
        ]

    async def of_job(self, request: Request) -> Response:
        phone = self.stub.data.jobs[request.path_params["job_id"]].customer.phone or "+12065550100"
        digest = digest_of("main", phone)
        self.known.setdefault(digest, Conversation(tenant="main", digest=digest, phone=phone))
        return self._shown(digest)

    async def of_number(self, request: Request) -> Response:
        return self._shown(request.path_params["conversation"])

    def _shown(self, digest: str) -> Response:
        known = self.known[digest]
        document = ConversationDocument(
            conversation=digest, version=known.version, phone=known.phone, unread=known.unread,
            read_seq=known.read_seq, messages=known.messages, system_texts=(),
            begins_with="Haulway: ", texts_stopped=False,
        )  # fmt: skip
        return Response(document.model_dump_json(exclude_none=True), media_type=JSON)

    async def send(self, request: Request) -> Response:
        body = OfficeTextBody.model_validate_json(await request.body())
        message = ConversationMessage(
            message_id=request.headers["idempotency-key"], at=now(), sender="office",
            text=body.text, job_id=body.job_id, by="dana", state="sent",
        )  # fmt: skip
        self._change(request, lambda known: known.added(message))
        return Response(message.model_dump_json(exclude_none=True), 201, media_type=JSON)

    async def read(self, request: Request) -> Response:
        seq = ReadBody.model_validate_json(await request.body()).seq
        self._change(request, lambda known: known.read(seq))
        return Response(status_code=204)

    def _change(self, request: Request, changed: Any) -> None:
        digest = request.path_params["conversation"]
        known = changed(self.known[digest])
        self.known[digest] = known.with_(version=known.version + 1)
