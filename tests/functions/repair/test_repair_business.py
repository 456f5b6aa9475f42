"""Many businesses: each has its own message, so that a slow one does not delay the others."""

import json
from typing import Any

import pytest

from functions.protocol.ports import Unavailable
from functions.repair.fan_out_rounds import FEW, MOST, FanOut
from functions.repair.repair_business import RoundOrder
from functions.repair.requests import RoundReport, RoundRequest
from statemachine.business.business import BusinessSettings
from tests.functions.conftest import Storage
from tests.functions.creation import left_behind, waited_for
from tests.functions.test_watch_jobs import LATER, WatchdogSetup, keeping
from tests.support.builders import a_job, minutes
from tests.support.fakes import Bucket, FakeTenants
from tests.support.faults import Faults
from tests.support.message_fakes import FakeDelayedMessages


def businesses(number: int) -> FakeTenants:
    settings = [BusinessSettings(tenant=f"b{n:05d}", name="B") for n in range(number)]
    return FakeTenants(Bucket(), *settings)


def rounds(queue: FakeDelayedMessages) -> list[RoundRequest]:
    return [RoundRequest.model_validate(json.loads(body)["detail"]) for body, _ in queue.taken()]


def test_thousands_of_businesses_have_one_message_each_and_no_call_gets_longer() -> None:
    fan_out = FanOut(businesses(2 * MOST + 300), FakeDelayedMessages())
    told: list[str] = []
    order, calls = RoundRequest(), 0
    while order:
        sent = fan_out(order)
        messages, calls = rounds(fan_out.queue), calls + 1  # type: ignore[arg-type]  # the fake
        assert sent in (MOST, 300)
        told += [each.tenant for each in messages if each.tenant]
        order = next((each for each in messages if each.tenant is None), None)  # type: ignore[assignment]  # the end
    assert told == list(fan_out.tenants.names())
    assert calls == 3


def test_the_message_of_each_business_has_the_options_of_a_full_round() -> None:
    fan_out = FanOut(businesses(FEW + 1), FakeDelayedMessages())
    fan_out(RoundRequest(full=True, ask_executions=True))
    assert rounds(fan_out.queue) == [  # type: ignore[arg-type]  # the fake
        RoundRequest(full=True, ask_executions=True, tenant=name)
        for name in fan_out.tenants.names()
    ]


def test_a_few_businesses_are_checked_in_one_call_without_messages() -> None:
    few, more = (
        FanOut(businesses(FEW), FakeDelayedMessages()),
        FanOut(businesses(FEW + 1), FakeDelayedMessages()),
    )
    assert few(RoundRequest()) is None
    assert more(RoundRequest()) == FEW + 1
    assert rounds(few.queue) == []  # type: ignore[arg-type]  # the fake


def test_a_few_businesses_share_the_time_and_each_minute_another_is_first() -> None:
    setup, shares = many(10), list[int]()
    job = left_behind(a_job("ready_for_pickup", tenant="zoo", token="z" * 22))
    FakeTenants(setup.bucket, BusinessSettings(tenant="zoo", name="B"))
    setup.jobs.create(job)
    setup.jobs.mark_open("zoo", job.job_id)

    def share_of(number: int) -> Clock:
        shares.append(number)
        return Clock(2)

    found = [setup.watch.round(LATER + minutes(n), share_of=share_of) for n in range(2)]
    assert set(shares) == {2}
    assert found[0].looked_at == 3 + 1
    firsts = [next(iter(each.repaired)) == job.job_id for each in found]
    assert sorted(firsts) == [False, True]


def test_businesses_are_listed_from_where_an_earlier_call_stopped(storage: Storage) -> None:
    for name in ("a", "a-b", "b", "NOT A NAME", "c"):
        storage.put(f"directory/{name}.json", b"{}")
    names = storage.tenants.names
    every = list(names())
    assert sorted(every) == ["a", "a-b", "b", "c"]
    assert [list(names(after)) for after in every] == [every[n + 1 :] for n in range(4)]


# -- a business whose round takes too long


class Clock:
    """Time that passes with each call, as with a slow store."""

    def __init__(self, looks: int) -> None:
        self.left = looks

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


def many(number: int) -> WatchdogSetup:
    ids = [f"261121-{n:06d}" for n in range(number)]
    return WatchdogSetup(
        *(left_behind(a_job("ready_for_pickup", job_id=i, token=i.rjust(22, "t"))) for i in ids)
    )


def test_a_full_round_continues_where_its_time_was_up_until_all_are_checked() -> None:
    setup, after, looked_at = many(10), "", list[str]()
    for _ in range(4):
        order = RoundOrder(LATER, full=True, after=after, time_is_up=Clock(2))
        found = setup.watch.one_business("main", order)
        looked_at += found.repaired
        after = found.left.get("main", "")
    assert looked_at == sorted(setup.open())
    assert after == ""


def test_a_round_that_was_cut_short_does_not_count_as_complete() -> None:
    setup = many(10)
    setup.watch.one_business("main", RoundOrder(LATER, time_is_up=Clock(2)))
    assert setup.metrics.counted["WatchRounds"] == 0


def test_every_job_has_its_turn_even_if_the_time_is_never_enough() -> None:
    setup, looked_at = many(10), set[str]()
    for minute in range(40):
        order = RoundOrder(LATER + minutes(minute), time_is_up=Clock(1))
        looked_at |= setup.watch.one_business("main", order).repaired.keys()
        for job_id in setup.open():
            setup.jobs.mark_open("main", job_id)
    assert len(looked_at) == 10


def test_the_rest_of_a_full_round_is_a_message_and_that_of_another_is_left_to_the_next() -> None:
    fan_out = FanOut(businesses(1), FakeDelayedMessages())
    found = RoundReport(left={"main": "261121-000004"})
    fan_out.continue_round(RoundRequest(), found)
    assert rounds(fan_out.queue) == []  # type: ignore[arg-type]  # the fake
    fan_out.continue_round(RoundRequest(full=True), found)
    assert rounds(fan_out.queue) == [  # type: ignore[arg-type]  # the fake
        RoundRequest(full=True, tenant="main", after="261121-000004")
    ]


def test_a_business_that_fails_as_a_whole_does_not_stop_a_manual_round() -> None:
    setup = many(1)
    for name in ("broken", "zoo"):
        settings = BusinessSettings(tenant=name, name="B")
        FakeTenants(setup.bucket, settings)
    job = left_behind(a_job("ready_for_pickup", tenant="zoo", token="z" * 22))
    setup.jobs.create(job)
    setup.jobs.mark_open("zoo", job.job_id)
    listed = setup.jobs.open_index

    def open_index(tenant: str) -> Any:
        if tenant == "broken":
            raise KeyError(tenant)
        return listed(tenant)

    setup.jobs.open_index = open_index  # type: ignore[method-assign]  # one business breaks
    with pytest.raises(Unavailable, match="broken"):
        setup.watch.round(LATER)
    assert len(setup.executions.resumed) == 2


# -- early moves, by their deadline


def test_an_early_move_is_refused_in_the_first_round_after_its_deadline() -> None:
    ids = [f"261121-{n:06d}" for n in range(1_000)]
    setup = WatchdogSetup(
        *(waited_for(a_job(job_id=i, token=i.rjust(22, "t"))) for i in ids), keeping(a_job())
    )
    deadline = setup.job().early[0].until
    setup.jobs.mark_due("main", a_job().job_id, deadline)
    before = setup.watch.one_business("main", RoundOrder(deadline - minutes(1)))
    assert before.repaired == {}
    setup.set_faults(Faults())
    found = setup.watch.one_business("main", RoundOrder(deadline))
    assert found.repaired == {a_job().job_id: ["refused late"]}
    assert found.looked_at < 50
    assert dict(setup.jobs.open_index("main").due) == {}
