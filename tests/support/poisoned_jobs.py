"""Job objects that our code never writes, each by the name of what is wrong with it."""

import json
from collections.abc import Callable
from typing import Any

from statemachine.job.job import Job
from tests.functions.creation import left_behind, waited_for
from tests.support.builders import a_job, moved
from tests.support.fakes import to_bytes

Document = dict[str, Any]
Spoil = Callable[[Document], Any]

DROPPED = (
    *("job_id", "tenant", "flow", "version", "rev", "status", "entered_at", "created_at"),
    *("created_by", "event_id", "execution", "customer", "place", "token"),
)

WRONG: dict[str, Document] = {
    "tenant of another": {"tenant": "other"},
    "id of another": {"job_id": "261121-000000"},
    "unknown flow": {"flow": "piano"},
    "unknown status": {"status": "loading"},
    "flow is a path": {"flow": "../haul"},
    "negative seq": {"seq": -1},
    "seq ahead of the ledger": {"seq": 7},
    "huge seq": {"seq": 10**30},
    "version zero": {"version": 0},
    "version is text": {"version": "many"},
    "rev ahead": {"rev": 10**6},
    "ledger is null": {"ledger": None},
    "ledger is a number": {"ledger": 7},
    "ledger of nothing": {"ledger": [{}]},
    "ledger cut": {"ledger": []},
    "execution ahead": {"execution": {"seq": 9, "since": "2026-11-21T12:00:00Z"}},
    "customer is a list": {"customer": []},
    "name with NUL and a number": {"customer": {"name": 7}},
    "phone is no number": {"customer": {"name": "A", "phone": "\u0000"}},
    "price is true": {"price_cents": True},
    "price is NaN": {"price_cents": float("nan")},
    "no time zone": {"entered_at": "2026-11-21T12:00:00"},
    "month 13": {"entered_at": "2026-13-21T12:00:00Z"},
    "year 10000": {"entered_at": "+010000-01-01T00:00:00Z"},
    "past the end of the year 9999": {"entered_at": "9999-12-31T23:59:59-01:00"},
    "before the year 1": {"created_at": "0001-01-01T00:00:00+01:00"},
    "token with a line feed": {"token": "a\n" * 11},
    "window in the year 9999": {"schedule": {"window_end": "9999-12-31T23:59:59Z"}},
    "window in the year 1": {"schedule": {"window_start": "0001-01-01T00:00:00Z"}},
    "eta in the year 1": {"schedule": {"eta": "0001-01-01T00:00:00Z"}},
    "entered in the year 9999": {"entered_at": "9999-12-31T23:59:59Z"},
    "created in the year 1": {"created_at": "0001-01-01T00:00:00Z"},
    "execution since the year 9999": {"execution": {"since": "9999-12-31T23:59:59Z"}},
}
BYTES: dict[str, bytes] = {
    "empty": b"",
    "empty object": b"{}",
    "null": b"null",
    "a number": b"17",
    "not UTF-8": b'{"job_id": "\xff\xfe"}',
    "UTF-16": '{"job_id": "x"}'.encode("utf-16"),
    "deep nesting": b"[" * 100_000,
    "markup": b"<html></html>",
    "NUL bytes": b"\0" * 100,
}


def damaged(job: Job) -> dict[str, bytes]:
    """`job`, whose ledger has one entry, damaged in every way: bytes by name."""
    good = json.loads(to_bytes(job))
    dropped = {f"without {k}": {n: v for n, v in good.items() if n != k} for k in DROPPED}
    documents = {name: {**good, **wrong} for name, wrong in WRONG.items()} | dropped
    spelled = {name: json.dumps(document).encode() for name, document in documents.items()}
    return spelled | BYTES | {"truncated": to_bytes(job)[:-100]}


def poisoned() -> dict[str, tuple[str, bytes]]:
    """By name, the id and bytes of each damaged job. Their ids sort before those of `sound`."""
    names = damaged(a_base("261121-000000"))
    return {
        name: (job_id := f"261121-0{n:05d}", damaged(a_base(job_id))[name])
        for n, name in enumerate(names, 1)
    }


def a_base(job_id: str) -> Job:
    return waited_for(moved(a_job(job_id=job_id, token=job_id.ljust(22, "p")), "confirm"))


def sound(number: int) -> list[Job]:
    """Jobs whose execution missed the last move, so each needs a repair."""
    ids = [f"261121-z{n:05d}" for n in range(number)]
    return [left_behind(a_job("ready_for_pickup", job_id=i, token=i.ljust(22, "s"))) for i in ids]
