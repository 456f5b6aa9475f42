"""People as their owner manages them, and the links by which they choose their passwords."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.aws.roster import DynamoAccounts
from functions.people.accounts import Account, AccountExists, Accounts, UnknownAccount, WeakPassword
from functions.people.invitations import InvitationEnded, Invitations
from functions.people.manage_people import LastOwner, ManagePeople, NewPerson, PersonChange
from functions.people.sessions import KeyRing
from functions.protocol.ports import Conflict
from tests.api.api_fixture import CheapPasswords, FakeKeyStore
from tests.support.builders import NOON
from tests.support.fakes import no_pause
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
    assert changed.name == "Nell"
    assert changed.roles == ("first_mate", "driver")
    assert people.change("main", "nell", PersonChange(phone=None)).phone is None
    assert [each.account for each in people.all("main")] == ["mia", "nell", "olive"]


def test_who_is_disabled_is_signed_out_and_who_is_only_renamed_is_not(accounts: Accounts) -> None:
    people = ManagePeople(accounts)
    assert people.change("main", "mia", PersonChange(name="Mia M.")).session_epoch == 0
    gone = people.change("main", "mia", PersonChange(disabled=True))
    assert gone.disabled
    assert gone.session_epoch == 1


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
    accounts.set_person(omar, omar.with_(roles=("dispatcher",)), while_owner="olive")
    with pytest.raises(Conflict):
        accounts.set_person(olive, olive.with_(roles=("dispatcher",)), while_owner="omar")
    assert accounts.read("main", "olive") == olive


@dataclass
class Meanwhile:
    """The accounts, in which someone else does `act` right after the first read."""

    accounts: Accounts
    act: Callable[[], object]
    done: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.accounts, name)

    def read(self, tenant: str, account: str) -> Account | None:
        known = self.accounts.read(tenant, account)
        if not self.done:
            self.done = True
            self.act()
        return known


OTHER_CHANGES: dict[str, PersonChange] = {
    "disabled": PersonChange(disabled=True),
    "another role": PersonChange(roles=("supervisor",)),
    "another number": PersonChange(phone="(206) 555-0199"),
}


@pytest.mark.parametrize("which", OTHER_CHANGES)
def test_a_rename_undoes_nothing_that_someone_else_does_meanwhile(
    accounts: Accounts, which: str
) -> None:
    other = OTHER_CHANGES[which]
    meanwhile = Meanwhile(accounts, lambda: ManagePeople(accounts).change("main", "mia", other))
    renamed = ManagePeople(meanwhile, no_pause).change("main", "mia", PersonChange(name="Mia M."))
    assert renamed.name == "Mia M."
    for field in other.model_fields_set:
        assert getattr(renamed, field) == getattr(other, field)
    assert renamed.session_epoch == (1 if other.disabled else 0)


def test_who_becomes_the_last_owner_meanwhile_stays_one(accounts: Accounts) -> None:
    """Una has the role, but no password; as it is read, she is no owner who must stay."""
    una = a_member("una", "owner")
    accounts.add(una)

    def act() -> None:
        accounts.set_first_password(una, "hers", NOON)
        ManagePeople(accounts).change("main", "olive", PersonChange(roles=("driver",)))

    with pytest.raises(LastOwner):
        ManagePeople(Meanwhile(accounts, act), no_pause).change(
            "main", "una", PersonChange(roles=("driver",))
        )


def test_a_change_whose_answer_was_lost_is_found_made(accounts: Accounts) -> None:
    gone = PersonChange(disabled=True)
    meanwhile = Meanwhile(accounts, lambda: ManagePeople(accounts).change("main", "mia", gone))
    assert ManagePeople(meanwhile, no_pause).change("main", "mia", gone).session_epoch == 1


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
    assert accepted.session_epoch == 1
    assert ends_at == NOON + timedelta(days=7)
    with pytest.raises(InvitationEnded, match="used already"):
        invited.accept(token, "another long password", NOON)
    assert not accounts.set_first_password(mia, "of a copy at the same time", NOON)
    again, _ = invited.invite(accepted, NOON)
    assert invited.accept(again, "another long password", NOON).session_epoch == 2


def test_a_lost_answer_is_no_reason_to_refuse_the_copy(accounts: Accounts) -> None:
    """boto3 sends a write again whose answer was lost; then its condition is no longer met."""
    nell = a_member("nell", password_since=NOON + timedelta(microseconds=1500))
    accounts.add(nell)
    accounts.add(nell)  # its time is stored in milliseconds
    with pytest.raises(AccountExists):
        accounts.add(nell.with_(name="Nell N."))
    ivo, later = NewPerson(account="ivo", name="Ivo", roles=("driver",)), NOON + timedelta(hours=1)
    added = ManagePeople(accounts).add("main", ivo, NOON)
    assert ManagePeople(accounts).add("main", ivo, later) == added
    with pytest.raises(AccountExists):
        ManagePeople(accounts).add("main", ivo.with_(roles=("owner",)), later)
    assert accounts.set_first_password(nell, "hers", NOON)
    assert accounts.set_first_password(nell, "hers", NOON)
    assert not accounts.set_first_password(nell, "another", NOON)
    known = accounts.read("main", "nell")
    assert known
    assert known.password_hash == "hers"
    assert known.session_epoch == 1


def test_an_invitation_is_not_for_an_account_that_was_made_later(accounts: Accounts) -> None:
    """After a business was erased someone else may get the name; their account is in epoch 0."""
    invited, later = invitations(accounts), NOON + timedelta(hours=1)
    erased, made = a_member("nell"), a_member("nell", "owner", password_since=later)
    accounts.add(made)
    token, _ = invited.invite(erased, NOON)
    with pytest.raises(InvitationEnded, match="earlier account"):
        invited.accept(token, PASSWORD, later)
    assert accounts.read("main", "nell") == made
    token, _ = invited.invite(made, later)
    assert invited.accept(token, PASSWORD, later).password_hash


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
