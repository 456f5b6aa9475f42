"""People as their owner manages them, and the links by which they choose their passwords."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from functions.aws.roster import DynamoAccounts
from functions.people.accounts import Accounts, UnknownAccount, WeakPassword
from functions.people.invitations import InvitationEnded, Invitations
from functions.people.manage_people import LastOwner, ManagePeople, NewPerson, PersonChange
from functions.people.sessions import KeyRing
from functions.protocol.ports import Unavailable
from tests.api.api_fixture import CheapPasswords, FakeKeyStore
from tests.support.builders import NOON
from tests.support.moto_server import Moto
from tests.support.roster_fakes import FakeAccounts, a_member

PASSWORD = "correct horse battery"


@pytest.fixture(params=["fake", "moto"])
def accounts(request: pytest.FixtureRequest) -> Accounts:
    """With Olive, an owner, and Mia, a driver without a password."""
    known: Accounts = FakeAccounts()
    if request.param == "moto":
        moto: Moto = request.getfixturevalue("moto")
        known = DynamoAccounts(moto.client("dynamodb"), moto.crew_roster())
    known.add(a_member("olive", "owner", password_hash="hers"))
    known.add(a_member("mia", "driver"))
    return known


def invitations(accounts: Accounts) -> Invitations:
    return Invitations(KeyRing(FakeKeyStore()), accounts, CheapPasswords())


def test_a_person_is_added_and_changed(accounts: Accounts) -> None:
    people = ManagePeople(accounts)
    made = people.add("main", NewPerson(account="nell", name="Nell", roles=("driver",)), NOON)
    assert made.password_hash is None
    wanted = PersonChange(roles=("first_mate", "driver"), phone="(206) 555-0199")
    changed = people.change("main", "nell", wanted)
    assert (changed.name, changed.roles) == ("Nell", ("first_mate", "driver"))
    assert people.change("main", "nell", PersonChange(phone=None)).phone is None
    assert [each.account for each in people.all("main")] == ["mia", "nell", "olive"]


def test_who_is_disabled_is_signed_out_and_who_is_only_renamed_is_not(accounts: Accounts) -> None:
    people = ManagePeople(accounts)
    assert people.change("main", "mia", PersonChange(name="Mia M.")).session_epoch == 0
    gone = people.change("main", "mia", PersonChange(disabled=True))
    assert (gone.disabled, gone.session_epoch) == (True, 1)


@pytest.mark.parametrize("change", [{"roles": ("dispatcher",)}, {"disabled": True}])
def test_the_last_owner_stays(accounts: Accounts, change: dict[str, object]) -> None:
    people = ManagePeople(accounts)
    wanted = PersonChange.model_validate(change)
    accounts.add(a_member("otto", "owner", password_hash="his", disabled=True))
    accounts.add(a_member("una", "owner"))
    with pytest.raises(LastOwner, match="only owner"):
        people.change("main", "olive", wanted)
    accounts.add(a_member("omar", "owner", password_hash="his"))
    people.change("main", "olive", wanted)
    with pytest.raises(LastOwner):
        people.change("main", "omar", wanted)


def test_of_two_owners_who_take_the_role_from_each_other_one_stays(accounts: Accounts) -> None:
    """Both have looked; then one writes, and the other finds that its condition is no longer so."""
    accounts.add(a_member("omar", "owner", password_hash="his"))
    olive, omar = accounts.read("main", "olive"), accounts.read("main", "omar")
    assert olive
    assert omar
    demoted = [each.with_(roles=("dispatcher",)) for each in (olive, omar)]
    accounts.set_person(demoted[1], ends_sessions=False, while_owner="olive")
    with pytest.raises(Unavailable, match="try again"):
        accounts.set_person(demoted[0], ends_sessions=False, while_owner="omar")
    assert accounts.read("main", "olive") == olive


def test_what_may_not_be_cleared_is_refused() -> None:
    for field in ("name", "roles", "disabled"):
        with pytest.raises(ValidationError, match="may not be null"):
            PersonChange.model_validate({field: None})


def test_no_one_unknown_is_changed(accounts: Accounts) -> None:
    with pytest.raises(UnknownAccount):
        ManagePeople(accounts).change("other", "mia", PersonChange(name="Mia M."))


def test_an_invitation_sets_a_password_once(accounts: Accounts) -> None:
    invited, mia = invitations(accounts), accounts.read("main", "mia")
    assert mia
    token, ends_at = invited.invite(mia, NOON)
    accepted = invited.accept(token, PASSWORD, NOON)
    assert accepted == accounts.read("main", "mia")
    assert (accepted.session_epoch, ends_at) == (1, NOON + timedelta(days=7))
    with pytest.raises(InvitationEnded, match="used already"):
        invited.accept(token, "another long password", NOON)
    assert not accounts.set_first_password(mia, "of a copy at the same time", NOON)
    again, _ = invited.invite(accepted, NOON)
    assert invited.accept(again, "another long password", NOON).session_epoch == 2


def test_an_invitation_ends(accounts: Accounts) -> None:
    invited, mia = invitations(accounts), accounts.read("main", "mia")
    assert mia
    token, ends_at = invited.invite(mia, NOON)
    for wrong, now in ((token, ends_at), (f"{token[:-4]}AAAA", NOON), ("", NOON)):
        with pytest.raises(InvitationEnded):
            invited.accept(wrong, PASSWORD, now)
    with pytest.raises(WeakPassword):
        invited.accept(token, "short", NOON)
    ManagePeople(accounts).change("main", "mia", PersonChange(disabled=True))
    with pytest.raises(InvitationEnded):
        invited.accept(token, PASSWORD, NOON)
