"""Who may sign in, and how often anyone may try.

    read the account ── count the attempt ── one argon2 verification ── clear the counters, or not

Every sign-in takes the same steps whether or not the account exists, is disabled, or has a
password: neither the response nor its time reveals which. The attempt is counted before the
password is checked, so of a thousand guesses at once only ten are checked.

Strangers cannot lock anyone out. Attempts are counted by account and origin, and a device that has
signed in to the account before has its own counter, which no one else can fill. Guesses from many
origins share one larger counter for all unknown devices of an account. The names of the counters
contain the account's epoch, so a new password starts new ones.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from functions.people.accounts import Account, Accounts, Passwords
from functions.people.rate_limits import Limit, Limits
from functions.protocol.ports import HaulwayError

PER_ADDRESS = Limit("sign-ins", most=60, window=timedelta(minutes=15))
WRONG_PASSWORDS = Limit("wrong-passwords", most=10, window=timedelta(minutes=15), slides=True)
"""For one account from one origin, or from one known device."""
UNKNOWN_DEVICES = Limit("unknown-devices", most=240, window=timedelta(hours=1))
"""For one account from all devices that have never signed in to it, from every origin."""


class TooManyAttempts(HaulwayError):
    """`wait` is how long until the next attempt is allowed."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("too many attempts to sign in")
        self.wait = wait


@dataclass(frozen=True)
class SignInAttempt:
    """`origin` is a keyed hash of the IP address; `device` is a known device of the account."""

    tenant: str
    account: str
    password: str = field(repr=False)
    origin: str
    device: str | None = None


Counter = tuple[Limit, str]
"""A limit, and the key whose attempts it counts."""


@dataclass(frozen=True)
class SignIn:
    accounts: Accounts
    limits: Limits
    passwords: Passwords

    def __call__(self, attempt: SignInAttempt, now: datetime) -> Account | None:
        """The account, or None for every reason why not.

        Raises TooManyAttempts, even if the password is right, and Unavailable.
        """
        known = self.accounts.read(attempt.tenant, attempt.account)
        counters = _counters(attempt, known.session_epoch if known else 0)
        full = self._first_full(counters, now)
        right = self.passwords.match(known.password_hash if known else None, attempt.password)
        if full:
            raise TooManyAttempts(self.limits.wait(*full, now))
        if known is None or known.disabled or not right:
            return None
        for limit, key in counters:
            if limit is not PER_ADDRESS:
                self.limits.clear(limit, key)
        self.accounts.set_signed_in(attempt.tenant, attempt.account, now)
        return known

    def _first_full(self, counters: tuple[Counter, ...], now: datetime) -> Counter | None:
        """The shared counter comes last, so that an origin refused earlier does not fill it."""
        return next((each for each in counters if not self.limits.take(*each, now)), None)


def _counters(attempt: SignInAttempt, epoch: int) -> tuple[Counter, ...]:
    key = f"{attempt.tenant}/{attempt.account}/{epoch}"
    if attempt.device:
        return ((WRONG_PASSWORDS, f"{key}/device/{attempt.device}"),)
    return (
        (PER_ADDRESS, attempt.origin),
        (WRONG_PASSWORDS, f"{key}/{attempt.origin}"),
        (UNKNOWN_DEVICES, key),
    )
