"""The account a new copy begins with; its password is kept in the folder, for its owner alone."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from functions.people.accounts import Accounts, Passwords, Role, new_account

TENANT = "main"
FIRST_ROLES: tuple[Role, ...] = ("owner", "dispatcher", "ops")


@dataclass(frozen=True)
class FirstSignIn:
    account: str
    password: str = field(repr=False)
    changed: bool = False
    """Someone has given the account another password since, which is theirs to know."""


def usable(
    noted: FirstSignIn,
    written: datetime,
    accounts: Accounts,
    signs_in: Callable[[FirstSignIn], bool | None],
) -> FirstSignIn:
    """What was noted at `written`, once it lets its owner in.

    A lost account is made again; a password that does not work is set again, unless a person has
    chosen another one since. `signs_in` is None where no answer came: then nothing is set, because
    that would end every open session of the account.
    """
    tried = signs_in(noted)
    known = None if tried else accounts.read(TENANT, noted.account)
    if tried or (tried is None and known is not None):
        return noted
    now = datetime.now(timezone.utc)
    if known is None:
        name, password = noted.account.capitalize(), noted.password
        made = new_account(TENANT, noted.account, name, FIRST_ROLES, password, now, Passwords())
        accounts.add(made)
    elif known.password_since > written:
        return FirstSignIn(noted.account, "", changed=True)
    else:
        accounts.set_password(TENANT, noted.account, Passwords().hash(noted.password), now)
    return noted


def what_failed(report: str, function_failed: bool) -> str | None:
    """What the watchdog's round could not do, from its answer; None where all was well."""
    try:
        told = json.loads(report)
        problem = told.get("errorMessage") or ", ".join(told.get("failed", ()))
    except (ValueError, AttributeError, TypeError):
        problem = report[:500]
    return str(problem or "no reason given") if function_failed or problem else None
