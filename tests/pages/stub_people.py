"""People, invitations, and API keys of the stub, by the real rules and documents."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.api_keys import KeysDocument, NewKeyDocument, listed
from functions.api.people import InvitationDocument, PeopleDocument, PersonDocument, shown_person
from functions.api.problems import Problem
from functions.api.request_models import InvitationBody
from functions.people.accounts import Account
from functions.people.api_keys import ApiKey, NewKey, new_key
from functions.people.manage_people import ManagePeople, NewPerson, PersonChange
from tests.support.roster_fakes import FakeAccounts, FakeApiKeys

if TYPE_CHECKING:
    from tests.pages.stub_api import Stub

TENANT = "main"


class PeopleStub:
    def __init__(self, stub: "Stub") -> None:
        self.stub = stub
        self.keys = FakeApiKeys()
        self.links: dict[str, str] = {}
        """Accounts by the token of their link."""

    def routes(self) -> list[Route]:
        guarded = self.stub.guarded
        return [
            Route("/api/people", guarded(self.list_people)),
            Route("/api/people", guarded(self.add), methods=["POST"]),
            Route("/api/people/{member}", guarded(self.change), methods=["PATCH"]),
            Route("/api/people/{member}/invitation", guarded(self.invite), methods=["POST"]),
            Route("/api/invitation", guarded(self.accept), methods=["POST"]),
            Route("/api/keys", guarded(self.list_keys)),
            Route("/api/keys", guarded(self.add_key), methods=["POST"]),
            Route("/api/keys/{key_id}", guarded(self.revoke), methods=["DELETE"]),
        ]

    @contextmanager
    def _people(self, request: Request) -> Iterator[ManagePeople]:
        """For the owner; what was changed is kept."""
        self._owner(request)
        accounts = FakeAccounts()
        for each in self.stub.data.accounts.values():
            accounts.add(each)
        yield ManagePeople(accounts)
        self.stub.data.accounts = {name: each for (_, name), each in accounts.known.items()}

    def _owner(self, request: Request) -> Account:
        account = self.stub.session(request).account
        if "owner" not in account.roles:
            raise Problem("not-allowed")
        return account

    async def list_people(self, request: Request) -> Response:
        from tests.pages.stub_api import answered

        with self._people(request) as people:
            return answered(PeopleDocument(people=tuple(map(shown_person, people.all(TENANT)))))

    async def add(self, request: Request) -> Response:
        from tests.pages.stub_api import document

        wanted = await document(request, NewPerson)
        with self._people(request) as people:
            return self._person(people.add(TENANT, wanted, datetime.now(UTC)), 201)

    async def change(self, request: Request) -> Response:
        from tests.pages.stub_api import document

        wanted = await document(request, PersonChange)
        with self._people(request) as people:
            return self._person(people.change(TENANT, request.path_params["member"], wanted))

    def _person(self, account: Account, status: int = 200) -> Response:
        from tests.pages.stub_api import answered

        person: PersonDocument = shown_person(account)
        return answered(person, status)

    async def invite(self, request: Request) -> Response:
        from tests.pages.stub_api import answered, origin_of

        self._owner(request)
        token = f"link-of-{request.path_params['member']}"
        self.links[token] = request.path_params["member"]
        url = f"{origin_of(request)}/settings/#invitation={token}"
        return answered(InvitationDocument(url=url, expires_at=datetime.now(UTC)), 201)

    async def accept(self, request: Request) -> Response:
        from tests.pages.stub_api import document

        body = await document(request, InvitationBody)
        account = self.links.pop(body.token, None)
        if account is None:
            raise Problem("invitation-ended")
        known = self.stub.data.accounts[account]
        self.stub.data.accounts[account] = known.with_(password_hash=body.password)
        return self.stub.signed_in(account)

    async def list_keys(self, request: Request) -> Response:
        from tests.pages.stub_api import answered

        self._owner(request)
        found = tuple(ApiKey(**listed(key)) for key in self.keys.all(TENANT))
        return answered(KeysDocument(keys=found))

    async def add_key(self, request: Request) -> Response:
        from tests.pages.stub_api import answered, document

        by = self._owner(request).account
        wanted = await document(request, NewKey)
        key, made = new_key(self.keys, TENANT, wanted, by, datetime.now(UTC))
        return answered(NewKeyDocument(**listed(made), key=key), 201)

    async def revoke(self, request: Request) -> Response:
        self._owner(request)
        self.keys.delete(TENANT, request.path_params["key_id"])
        return Response(status_code=204)
