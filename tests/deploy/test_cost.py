"""The monthly cost: unit prices, and the promise for 50,000 jobs.

The counts per job are compared with what the functions do, the fixed counts with the template.
"""

import math
import re
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest

from deploy.aws_prices import FREE, NOTHING_FREE, PRICES_USD
from deploy.bundle import ROOT
from deploy.cost import (
    MONTH_S,
    SLICE,
    SLICES,
    Fixed,
    Use,
    monthly,
    reads_per_round,
    receives,
)
from deploy.message_cost import HELD_GETS, HELD_PUTS
from deploy.template_file import read_template
from functions.repair import job_selection
from functions.repair.job_selection import A_ROUND, GRACE, RECENT
from functions.repair.repair_business import LINKS_EVERY
from functions.repair.watch import DEAD_LETTERS_EVERY
from functions.views.job_index import IndexChange, IndexJob
from statemachine.asl import definition
from statemachine.flows import load_flow
from statemachine.job.job import Customer, Job, Place
from statemachine.job.records import Note
from tests.functions.messages.test_due_messages import settled
from tests.functions.messages.test_owed_texts import DEC_1, Handset, confirmed_for
from tests.functions.messages.test_reminders import EVE
from tests.support.builders import (
    DISPATCHER,
    DRIVER,
    NOON,
    a_booking,
    a_job,
    a_request,
    an_edit,
    moved,
)
from tests.support.fakes import no_pause
from tests.support.index_fakes import FakeJobIndex
from tests.support.simulation import Simulation

WAY = ("confirm", "start", "complete")
TEMPLATE: dict[str, Any] = read_template()


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    found = TEMPLATE["Resources"].items()
    return {name: resource for name, resource in found if resource["Type"] == kind}


def test_all_but_sms_stays_under_30_dollars_at_50_000_jobs_as_the_template_is_set() -> None:
    """Alone in its account, without crews, photos, and traces. 40 cents are the edge's secret, 98
    cents are the slots, 20 cents are reads of the list of conversations. The ends of tracking links
    come on top, with 31 cents, and hints to pages, with $1.72."""
    traced = TEMPLATE["Parameters"]["Traces"]["Default"] == "true"
    fixed, links = Fixed(traced=traced), Use(link_puts=0, link_gets=0)
    bill = monthly(50_000, links, fixed)
    # The index, by which each job there ever was is found, comes on top.
    on_top = bill.items["Index of all jobs"] + bill.items["AppSync"]
    assert bill.without_sms - on_top < 29.9
    assert bill.items["AppSync"] == pytest.approx(1.72)
    assert monthly(50_000, fixed=fixed).without_sms - bill.without_sms < 0.31
    assert bill.items["Index of all jobs"] < 2.90


def test_what_is_not_under_30_dollars_is_named_with_its_figure() -> None:
    manual = (ROOT / "docs/deploy.md").read_text("utf-8")
    crewed, traced = Use().with_crew(), Fixed(traced=True)
    over = {
        "with a crew put on each job once": monthly(50_000, crewed),
        "with a reminder for each job, beside its SMS": monthly(50_000, Use().with_reminder()),
        "with nothing free": monthly(50_000, free=NOTHING_FREE),
        "with traces": monthly(50_000, fixed=traced),
        "with two photos a job": monthly(50_000, Use(photos=2)),
        "with a crew and traces, nothing free": monthly(50_000, crewed, traced, NOTHING_FREE),
    }
    assert all(bill.without_sms > 30 for bill in over.values())
    rows = [f"| {what} | ${bill.without_sms:,.2f} |" for what, bill in over.items()]
    assert [row for row in rows if row not in manual] == []


# -- what one job causes


@pytest.fixture(scope="module")
def life() -> Counter[str]:
    return calls_of_a_life()


def calls_of_a_life(**edit: Any) -> Counter[str]:
    """The calls for one job from booking to end, without errors."""
    world = Simulation()
    world.ask(a_booking())
    world.run()
    if edit:
        world.ask(an_edit(world.jobs()[0], **edit))
        world.run()
    for number, move in enumerate(WAY):
        world.ask(a_request(world.jobs()[0], move, event_id=f"e{number}"))
        world.run()
    assert world.jobs()[0].status == "completed"
    return Counter(operation for operation, _ in world.faults.log)


def test_puts_and_gets_of_a_job_are_those_that_the_functions_make(life: Counter[str]) -> None:
    """The simulation has no webhooks, which look for the newest endpoint with each fact. No half
    minute passes between its moves, so they are in the index of open jobs with the booking."""
    facts, shared = Use().queued["FanOutQueue"], Use().moves
    assert life["PutObject"] == Use().puts - shared
    assert life["GetObject"] == Use().gets - facts
    assert life["ListObjectsV2"] == 0


class CountedIndex(FakeJobIndex):
    """Counts write units: an item of a transaction counts twice."""

    units = 0

    def change(self, tenant: str, change: IndexChange) -> None:
        super().change(tenant, change)
        self.units += 2 * (1 + len(change.added) + len(change.removed))


def index_units(*jobs: Job) -> int:
    index = CountedIndex()
    for job in jobs:
        IndexJob(index, no_pause)(job)
    return index.units


def test_the_index_of_a_usual_job_is_written_as_often_as_is_counted() -> None:
    load = "Sofa, two mattresses and about ten boxes from the garage"
    note = {"text": load, "event_id": "booking-1", "actor": DISPATCHER, "recorded_at": NOON}
    customer = Customer(name="Maria Hernandez", phone="+12065550123")
    place = Place(address="1284 Soderblom Avenue, Seattle")
    job = a_job(customer=customer, place=place, notes=(Note.model_validate(note),), crew=())
    life = [job, *(moved(job, *WAY[:number]) for number in range(1, 1 + len(WAY)))]
    assert index_units(*life) == Use().index_writes
    crewed = job.with_change(crew=(DRIVER,))
    more = index_units(job, crewed) - index_units(job)
    assert more == Use().with_crew().index_writes - Use().index_writes


def test_a_crew_costs_what_the_edit_that_puts_it_there_causes(life: Counter[str]) -> None:
    crewed = calls_of_a_life(crew=[{"member": "mike", "role": "driver"}])
    more, use, with_crew = crewed - life, Use(), Use().with_crew()
    assert more["PutObject"] == with_crew.puts - use.puts
    assert more["GetObject"] + 1 == with_crew.gets - use.gets
    assert more["PutEvents"] + 1 == with_crew.events - use.events
    assert with_crew.invocations - use.invocations == with_crew.messages - use.messages


def test_events_and_statuses_are_those_of_the_way_of_a_job(life: Counter[str]) -> None:
    assert life["PutEvents"] + len(WAY) + 1 == Use().events
    assert life["CreateInvalidation"] == Use().moves
    assert Use().statuses == Use().moves + 1


def test_the_transitions_of_a_job_are_the_states_that_its_execution_enters() -> None:
    flow = load_flow("haul")
    states = definition(flow)["States"]
    entered, name, way = [], flow.initial.name, ["ready_for_pickup", "in_progress", "completed"]
    while name:
        entered.append(name)
        state = states[name]
        if state["Type"] == "Choice":
            to = way.pop(0) if way else ""
            name = to if any(c["Next"] == to for c in state["Choices"]) else state["Default"]
        else:
            name = state.get("Next", "")
    assert states[entered[-1]]["End"]
    assert len(entered) == Use().sfn_transitions


def test_a_message_of_each_request_and_of_each_fact_to_each_queue_of_facts() -> None:
    heard: defaultdict[str, list[str]] = defaultdict(list)
    for rule in of_type("AWS::Events::Rule").values():
        queue = rule["Properties"]["Targets"][0]["Arn"]["Fn::GetAtt"][0]
        heard[queue] += rule["Properties"]["EventPattern"].get("detail-type", [])
    life = Counter(JobRequested=1, JobMoveRequested=Use().moves)
    life += Counter(JobCreated=1, JobMoved=Use().moves)
    edit = Counter(JobEditRequested=1, JobEdited=1)
    for use, events in ((Use(), life), (Use().with_crew(), life + edit)):
        counted = {queue: sum(events[kind] for kind in heard[queue]) for queue in use.queued}
        assert use.queued == counted
    assert Use().invocations == Use().messages + Use().statuses


def test_the_watchdog_looks_at_a_job_that_was_touched_as_often_as_is_counted() -> None:
    lately = math.ceil((RECENT - GRACE).total_seconds() / 60)
    messages = A_ROUND.total_seconds() / 60
    assert Use().watchdog_reads == Use().statuses * (lately + messages)
    assert Use().lists == Use().statuses * messages


def test_a_reminder_puts_and_gets_what_is_counted() -> None:
    without, reminded = (calls_until_the_visit(remind_day_before=on) for on in (False, True))
    assert reminded["PutObject"] - without["PutObject"] == HELD_PUTS + Use().text_puts
    assert reminded["GetObject"] - without["GetObject"] == HELD_GETS


def calls_until_the_visit(**settings: bool) -> Counter[str]:
    """The calls for the texts of a job that is confirmed, until its window begins."""
    handset = Handset()
    handset.set_tenant(**settings)
    handset.has(settled(confirmed_for(DEC_1)))
    handset.text(handset.job, now=handset.now)
    handset.comes_to(EVE + timedelta(minutes=3))
    handset.sweep(EVE + timedelta(minutes=20))
    assert len(handset.reads) == 1 + settings["remind_day_before"]
    buckets = handset.bucket, handset.kept
    return Counter(operation for each in buckets for operation, _ in each.faults.log)


# -- what is there anyway


def test_alarms_queues_and_secrets_are_those_of_the_template() -> None:
    fixed = Fixed()
    assert fixed.alarms == len(of_type("AWS::CloudWatch::Alarm"))
    assert fixed.queues == len(of_type("AWS::Lambda::EventSourceMapping"))
    dead = [name for name in of_type("AWS::SQS::Queue") if name.endswith("DeadLetters")]
    assert fixed.dead_letter_queues == len(dead)
    assert fixed.secrets == len(of_type("AWS::SecretsManager::Secret"))
    assert len(of_type("AWS::CloudWatch::Dashboard")) <= 3


def test_the_watchdog_goes_its_round_as_often_as_is_counted() -> None:
    schedule = TEMPLATE["Resources"]["WatchSchedule"]["Properties"]["ScheduleExpression"]
    assert schedule == "rate(1 minute)"
    assert Fixed().watch_rounds == MONTH_S // 60
    assert Fixed().dead_letter_check_rounds == DEAD_LETTERS_EVERY
    assert Fixed().link_end_rounds == LINKS_EVERY
    assert MONTH_S // 60 % DEAD_LETTERS_EVERY == 0


def test_traces_are_free_for_a_small_business_and_have_their_price_for_a_large_one() -> None:
    assert monthly(500, fixed=Fixed(traced=True)).items["Traces"] == 0
    assert monthly(50_000, fixed=Fixed(traced=True)).items["Traces"] > 5


def test_a_queue_is_asked_at_least_every_20_seconds_and_for_every_message() -> None:
    idle = receives(0)
    assert idle == 5 * MONTH_S / 20
    assert receives(1) == pytest.approx(idle, rel=1e-3)
    for messages in (10_000, 200_000, 10_000_000):
        assert max(idle, messages) <= receives(messages) < idle + messages


def test_the_metrics_that_are_told_all_the_time_are_free() -> None:
    assert Fixed().metrics <= FREE["metric"]


def test_the_watchdog_looks_at_no_more_than_its_share_however_many_jobs_are_open() -> None:
    assert SLICE == job_selection.SLICE
    assert SLICES == job_selection.SLICES
    assert [reads_per_round(number) for number in (5, SLICE, 500, 3000)] == [5, SLICE, SLICE, SLICE]
    all_jobs = 3_333 * 2 * Fixed().watch_rounds * 0.4e-6
    assert all_jobs > 3 * monthly(50_000).without_sms


# -- prices


def test_the_parts_that_the_model_of_aws_facts_also_has_agree_with_it() -> None:
    """12 transitions, 8 events, 20 views, 2 parts, without what is free."""
    use = Use(sfn_transitions=12, events=8, texts=0, replies=0, sms_parts=2)
    items = monthly(50_000, use).items
    assert items["Step Functions"] == pytest.approx(15.00 - 4000 * 25e-6)
    assert items["EventBridge"] == pytest.approx(0.40)
    assert items["SMS"] == pytest.approx(1200)


def test_what_is_free_is_free_once() -> None:
    alone = Use(sfn_transitions=1)
    assert monthly(4000, alone).items["Step Functions"] == 0
    assert monthly(5000, alone).items["Step Functions"] == pytest.approx(1000 * 25e-6)


def test_in_an_account_whose_grants_are_used_up_everything_is_paid() -> None:
    full, less = monthly(50_000, free=NOTHING_FREE), monthly(50_000)
    assert all(full.items[name] >= less.items[name] for name in less.items)
    granted = sum(PRICES_USD[unit] * number for unit, number in FREE.items())
    assert full.total - less.total <= granted
    assert full.items["Step Functions"] == pytest.approx(50_000 * 7 * 25e-6)


def test_an_invalidation_for_each_move_would_be_nearly_the_whole_bill() -> None:
    naive = monthly(50_000, fixed=Fixed(invalidation_paths=10**9))
    assert naive.items["Invalidations"] == pytest.approx((50_000 * 3 - 1000) * 0.005)
    assert naive.items["Invalidations"] > 0.9 * naive.without_sms


def test_a_small_business_stays_within_the_free_paths() -> None:
    assert monthly(333).items["Invalidations"] == 0


def test_a_large_one_spends_what_is_free_and_no_more() -> None:
    assert monthly(50_000).items["Invalidations"] == 0


def test_photos_are_kept_as_long_as_their_jobs_and_cost_mostly_by_that() -> None:
    with_photos = monthly(50_000, Use(photos=2)).items["Photos"]
    assert with_photos == pytest.approx(100_000 * 250e-6 * 24 * 0.023, rel=0.15)
    assert monthly(50_000).items["Photos"] == 0


# -- what is said of it


@pytest.mark.parametrize("jobs", [500, 5_000, 50_000])
def test_the_table_of_the_manual_says_what_the_command_says(jobs: int) -> None:
    text = (ROOT / "docs/deploy.md").read_text("utf-8")
    bill, full = monthly(jobs), monthly(jobs, free=NOTHING_FREE)
    row = f"| {jobs:,} | ${bill.without_sms:,.2f} | ${full.without_sms:,.2f} |"
    assert re.search(re.escape(row), text), row
