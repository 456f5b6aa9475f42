"""The people of the business, for its owner."""

from typing import Annotated

from pydantic import Field

from functions.api.dependencies import Api
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse
from functions.people.accounts import Account, Profile
from functions.people.manage_people import NewPerson, PersonChange
from statemachine.values.values import Frozen, Name, Utc


class PersonDocument(Profile):
    account: Name
    disabled: bool
    has_password: bool
    last_sign_in_at: Utc | None = None


class PeopleDocument(Frozen):
    people: tuple[PersonDocument, ...]


class InvitationDocument(Frozen):
    url: Annotated[str, Field(repr=False)]
    """The link. It works once; it is for this person alone."""
    expires_at: Utc


def list_people(api: Api, request: ApiRequest) -> ApiResponse:
    found = api.people.all(request.session.tenant)
    return ApiResponse(200, PeopleDocument(people=tuple(map(shown_person, found))))


def add_person(api: Api, request: ApiRequest) -> ApiResponse:
    """Someone who can be put on jobs at once, and sign in once they have used an invitation."""
    wanted = request.document(NewPerson)
    made = api.people.add(request.session.tenant, wanted, request.now)
    return ApiResponse(201, shown_person(made), outcome="person added")


def change_person(api: Api, request: ApiRequest) -> ApiResponse:
    """Their jobs do not change. A person who is disabled is signed out at once."""
    wanted = request.document(PersonChange)
    changed = api.people.change(request.session.tenant, request.parameters["member"], wanted)
    return ApiResponse(200, shown_person(changed), outcome="person changed")


def invite_person(api: Api, request: ApiRequest) -> ApiResponse:
    """A link to choose a password by, the first or, if it was forgotten, another one."""
    known = api.people.read(request.session.tenant, request.parameters["member"])
    token, ends_at = api.invitations.invite(known, request.now)
    url = f"{api.edge_url()}/settings/?business={known.tenant}#invitation={token}"
    return ApiResponse(201, InvitationDocument(url=url, expires_at=ends_at), outcome="invited")


def shown_person(account: Account) -> PersonDocument:
    same = Profile.model_fields.keys() | {"account", "disabled", "last_sign_in_at"}
    known = {name: getattr(account, name) for name in same}
    return PersonDocument(**known, has_password=account.password_hash is not None)
