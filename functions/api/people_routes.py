"""Routes of the people of a business."""

from functions.api import people
from functions.api.people import InvitationDocument, PeopleDocument, PersonDocument
from functions.api.route import OWNER, Route
from functions.people.manage_people import NewPerson, PersonChange

PEOPLE_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/people",
        summary="Everyone of the business, with their roles and last sign-in",
        roles=OWNER,
        for_keys=False,
        handler=people.list_people,
        responses={200: PeopleDocument},
    ),
    Route(
        method="POST",
        path="/api/people",
        summary="Add someone; an invitation lets them sign in",
        roles=OWNER,
        for_keys=False,
        handler=people.add_person,
        responses={201: PersonDocument},
        body=NewPerson,
        problems=("account-exists",),
    ),
    Route(
        method="PATCH",
        path="/api/people/<member>",
        summary="Change someone's name, roles, phone, or e-mail, or disable them",
        roles=OWNER,
        for_keys=False,
        handler=people.change_person,
        responses={200: PersonDocument},
        body=PersonChange,
        problems=("unknown-member", "last-owner"),
    ),
    Route(
        method="POST",
        path="/api/people/<member>/invitation",
        summary="Make a link by which someone chooses their password",
        roles=OWNER,
        for_keys=False,
        handler=people.invite_person,
        responses={201: InvitationDocument},
        problems=("unknown-member",),
    ),
)
