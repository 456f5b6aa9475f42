"""What people and programs do. Each repeats a request until it has an answer, as the pages do."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from events import JobMoveRequested
from functions.people.roster import Truck
from statemachine.business.business import BusinessSettings, QuietHours
from statemachine.business.business_values import WEEKDAYS
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.values.values import iso
from tests.api.api_fixture import ApiReply
from tests.simulation.edge import CACHES, Customer
from tests.simulation.world import World, answer_of
from tests.support.builders import PARTNER, a_booking, a_request
from tests.support.fakes import FakeTenants
from tests.support.faults import Crashed
from tests.support.message_fakes import an_endpoint
from tracking.reader import Reader
from tracking.reader_steps import Fetch
from tracking.responses import Response

BUSINESSES = (
    BusinessSettings(
        tenant="main", name="Haulway", remind_day_before=True, default_duration_minutes=300
    ),
    BusinessSettings(
        tenant="other",
        name="Otra",
        time_zone="America/Los_Angeles",
        sms_number="+15555550199",
        accepts_bookings="by_dispatcher",
        quiet=QuietHours.model_validate({"begin": "20:00", "end": "09:00"}),
        remind_hours_before=2,
        text_crew_changes=True,
        default_duration_minutes=600,
        slots_by_weekday={day: {"08:00": 3, "12:00": 3, "16:00": 3} for day in WEEKDAYS},
        cancel_reason_required=False,
    ),
)
STAFF = {"main": ("dana", "mike", "ann"), "other": ("dora", "max", "amy")}
"""By business: its dispatcher, and two drivers."""
PHONES = ("+15555550101", "+15555550102", "+15555550103")
SHARED_NUMBER = "+15555550100"
MOST_TRIES = 60
LONGEST_LOOK = timedelta(seconds=12)


@dataclass
class CrewPhone:
    """A driver's phone: what was done and is not sent yet, oldest first."""

    tenant: str
    account: str
    waiting: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    sending: bool = False


class People:
    def __init__(self, world: World) -> None:
        self.world, self.choices = world, world.choices
        backend = world.backend
        FakeTenants(backend.bucket, *BUSINESSES)
        self.phones = []
        for tenant, (dispatcher, *drivers) in STAFF.items():
            backend.add_account(dispatcher, "dispatcher", tenant=tenant)
            for driver in drivers:
                backend.add_account(driver, "driver", tenant=tenant)
                self.phones.append(CrewPhone(tenant, driver))
            backend.roster.set_truck(Truck(tenant=tenant, truck="t1", name="Big red"))
            endpoint = an_endpoint("ep_" + tenant, tenant=tenant, created_at=world.began)
            world.lambdas.endpoints.write(endpoint, None)
            world.lambdas.webhooks.answers[endpoint.url] = self._partner_answers
        self.answered: list[tuple[str, str, str]] = []
        """Requests that were answered with success: business, job, and their event id."""
        self._number = 0

    def _partner_answers(self, number: int) -> Any:
        return answer_of(0 if self.world.resting else self.choices.below(5))

    def next_id(self) -> str:
        self._number += 1
        return f"e-{self._number}"

    # What someone may do now

    def act(self) -> None:
        acts = [self.book] * 3
        if self.jobs():
            acts += [
                self.dispatcher_moves, self.dispatcher_moves, self.dispatcher_edits,
                self.dispatcher_plans, self.dispatcher_plans, self.dispatcher_plans,
                self.program_moves, self.crew_acts, self.crew_acts,
            ]  # fmt: skip
        if self.world.customers:
            acts += [self.customer_chooses, self.customer_texts, self.customer_texts]
        if any(phone.waiting and not phone.sending for phone in self.phones):
            acts += [self.crew_sends] * 4
        if self.world.customers:
            acts += [self.customer_looks] * 5
        self.choices.one_of(acts)()

    def jobs(self) -> list[str]:
        """The keys of the stored jobs, as people know of them."""
        return [key for key in self.world.backend.bucket.objects if "/jobs/" in key]

    def any_job(self) -> Job:
        key = self.choices.one_of(self.jobs())
        tenant, job_id = key.split("/")[1], key.split("/")[3].removesuffix(".json")
        return self.world.backend.jobs.read(tenant, job_id).value

    def request(
        self,
        name: str,
        send: Callable[[], ApiReply],
        then: Callable[[ApiReply], None] = lambda _: None,
    ) -> None:
        """Send until there is an answer; it may be lost on its way, as the request may be."""
        world = self.world

        def do() -> None:
            for _ in range(MOST_TRIES):
                task = world.baton.running
                assert task
                task.began = world.now
                try:
                    reply = send()
                except Crashed:
                    if world.baton.closing:
                        raise
                    continue
                lost = not world.resting and self.choices.happens(4)
                if reply.status < 500 and not lost:
                    then(reply)
                    return
                world.let_others_go("answer")
            raise AssertionError(f"{name}: no answer in {MOST_TRIES} tries")

        world.start(name, do)

    # Customers

    def book(self) -> None:
        """On the booking page, for one of the next windows; or a program does, on the bus."""
        tenant = self.choices.one_of(("main", "other"))
        phone = self.choices.one_of(PHONES)
        key = self.next_id()
        if self.choices.happens(25):
            self._book_on_the_bus(tenant, phone, key)
            return
        body: dict[str, Any] = {
            "name": "Ada Wong", "phone": phone, "address": "12 Harbor Road",
            "what": "a sofa", "tenant": tenant,
        }  # fmt: skip
        offers = list(self.world.lambdas.slots.offers(tenant, self.world.now))
        free = [window for window, left in offers[:6] if left]
        if free and self.choices.happens(80):
            window = free[self.choices.below(min(2, len(free)))]
            body |= {"window_start": iso(window.begin), "window_end": iso(window.end)}
        headers = {"idempotency-key": f"key-of-the-booking-{key}"}
        send = self.world.backend.send

        def booked(reply: ApiReply) -> None:
            if reply.status in (200, 201):
                found = reply.json
                self._follow(tenant, found["job_id"], found["tracking_token"], phone)

        name = f"{phone[-4:]} books {body.get('window_start', 'without a window')} of {tenant}"
        self.request(name, lambda: send("POST", "/api/bookings", body, headers=headers), booked)

    def _book_on_the_bus(self, tenant: str, phone: str, key: str) -> None:
        """Perhaps with moves that arrive before their booking."""
        job_id = f"{self.world.now:%y%m%d}-{self._number:06d}"
        booking = a_booking(
            tenant=tenant, event_id=key, job_id=job_id, occurred_at=self.world.now, actor=PARTNER,
            customer={"name": "Ada Wong", "phone": phone},
        )  # fmt: skip
        requests: list[Any] = [booking]
        if self.choices.happens(50):
            requests.append(booking)
        for number in range(self.choices.below(3)):
            at = self.world.now + timedelta(seconds=number)
            move = ("hold", "cancel")[number]
            requests.insert(
                self.choices.below(len(requests) + 1),
                JobMoveRequested(
                    tenant=tenant, event_id=f"{key}-{move}", occurred_at=at, actor=PARTNER,
                    job_id=job_id, move=move, reason="so",
                ),
            )  # fmt: skip
        self.world.note(f"a program books {job_id} of {tenant}: {len(requests)} requests")
        for request in requests:
            self.world.ask(request)

    def _follow(self, tenant: str, job_id: str, token: str, phone: str) -> None:
        known = {customer.token for customer in self.world.customers}
        if token not in known:
            reader = Reader(int(self.world.now.timestamp() * 1000), random=lambda: 0.5)
            self.world.customers.append(Customer(tenant, job_id, token, phone, reader))

    def customer_looks(self) -> None:
        customer = self.choices.one_of(self.world.customers)
        self.looks(customer)

    def looks(self, customer: Customer) -> None:
        world = self.world

        def fetch(asked: Fetch) -> Response | None:
            if asked.source == "edge":
                cache = 0 if world.resting else self.choices.below(CACHES)
                return world.edge.get(cache, customer.path, asked.if_none_match)
            reply = world.backend.send(
                "GET",
                f"/api/track/{customer.digest}",
                headers={"if-none-match": asked.if_none_match} if asked.if_none_match else None,
            )
            return Response(reply.status, reply.headers, reply.text)

        def fetch_or_nothing(asked: Fetch) -> Response | None:
            try:
                return fetch(asked)
            except Crashed:
                if world.baton.closing:
                    raise
                return None
            except AssertionError:
                raise
            except Exception:  # the origin failed: the edge answers so
                return Response(503, {}, "")

        def do() -> None:
            for _ in range(1 if world.resting else 1 + self.choices.below(4)):
                task = world.baton.running
                assert task
                task.began = world.now
                wait = customer.look(world.clock, fetch_or_nothing)
                if world.tasks == [task]:
                    world.pass_time(min(wait, LONGEST_LOOK))
                world.may_be_overtaken("page")

        world.start(f"the customer of {customer.job_id} looks", do)

    def customer_chooses(self) -> None:
        customer = self.choices.one_of(self.world.customers)
        act = self.choices.one_of(("confirm", "cancel", "reschedule", "notes"))
        body: dict[str, Any] = {"token": customer.token}
        if act == "cancel":
            body["reason"] = "found another way"
        if act == "notes":
            body["note"] = "the gate code is 12"
        if act == "reschedule":
            offers = list(self.world.lambdas.slots.offers(customer.tenant, self.world.now))
            free = [window for window, left in offers[:9] if left]
            if not free:
                return
            window = free[self.choices.below(len(free))]
            body |= {"window_start": iso(window.begin), "window_end": iso(window.end)}
        headers = {"idempotency-key": f"key-of-the-choice-{self.next_id()}"}
        path = f"/api/track/{customer.digest}/{act}"
        send = self.world.backend.send
        name = f"the customer of {customer.job_id}: {act}"
        self.request(name, lambda: send("POST", path, body, headers=headers))

    def customer_texts(self) -> None:
        """A text comes through SNS, perhaps twice."""
        customer = self.choices.one_of(self.world.customers)
        words = self.choices.one_of(("YES", "what time?", "HELP", "STOP"))
        own = next(b.sms_number for b in BUSINESSES if b.tenant == customer.tenant)
        self.texts(customer.phone, own or SHARED_NUMBER, words)

    def texts(self, phone: str, number: str, words: str) -> None:
        text = {
            "originationNumber": phone, "destinationNumber": number, "messageBody": words,
            "inboundMessageId": self.next_id(),
        }  # fmt: skip
        body = json.dumps({"Message": json.dumps(text), "Timestamp": iso(self.world.now)})
        self.world.note(f"{phone[-4:]} texts {words}")
        self.world.queues["receive-sms"].put(body, self.world.now)

    # The business

    def dispatcher_moves(self) -> None:
        job = self.any_job()
        body: dict[str, Any] = {
            "move": self._a_move(job), "reason": "so", "event_id": self.next_id(),
            "occurred_at": iso(self.world.now),
        }  # fmt: skip
        if self.choices.happens(30):
            body["expected_rev"] = job.rev
        self._moves(job, STAFF[job.tenant][0], body)

    def _a_move(self, job: Job) -> str:
        """Mostly one that is possible now."""
        flow = load_flow(job.flow)
        possible = flow.moves_from(job.status)
        moves = possible if possible and not self.choices.happens(20) else flow.moves
        return self.choices.one_of(moves).name

    def _moves(self, job: Job, account: str, body: dict[str, Any]) -> None:
        send = self.world.backend.send
        path = f"/api/jobs/{job.job_id}/moves"

        def moved(reply: ApiReply) -> None:
            if reply.status in (200, 202):
                self.answered.append((job.tenant, job.job_id, body["event_id"]))

        self.request(
            f"{account} moves {job.job_id}: {body['move']}",
            lambda: send("POST", path, body, by=account, tenant=job.tenant),
            moved,
        )

    def program_moves(self) -> None:
        """On the bus, perhaps with a copy."""
        job = self.any_job()
        request = a_request(
            job, self._a_move(job), event_id=self.next_id(), occurred_at=self.world.now,
            actor=PARTNER, reason="so",
        )  # fmt: skip
        self.world.note(f"a program moves {job.job_id}: {request.move}")
        for _ in range(1 + self.choices.below(2)):
            self.world.ask(request)

    def dispatcher_edits(self) -> None:
        """The crew, the window, or the phone number, on the version that is on the screen."""
        job = self.any_job()
        _, *drivers = STAFF[job.tenant]
        changes: dict[str, Any] = {}
        match self.choices.below(5):
            case 0 | 4:
                member = self.choices.one_of(drivers)
                changes["crew"] = [{"role": "driver", "member": member}]
                changes["truck"] = self.choices.one_of(("t1", ""))
            case 1:
                offers = list(self.world.lambdas.slots.offers(job.tenant, self.world.now))[:6]
                if not offers:
                    return
                window, _ = self.choices.one_of(offers)
                changes["schedule"] = {
                    "window_start": iso(window.begin), "window_end": iso(window.end)
                }  # fmt: skip
            case 2:
                customer = {"name": "Ada Wong", "phone": self.choices.one_of(PHONES)}
                changes["customer"] = customer
            case _:
                changes["note"] = "bring straps"
        self._edits(job, changes)

    def dispatcher_plans(self) -> None:
        """The next window, one of two drivers, and the one truck: soon there is too much to do."""
        job = self.any_job()
        offers = list(self.world.lambdas.slots.offers(job.tenant, self.world.now))
        if not offers:
            return
        window, _ = offers[0]
        member = self.choices.one_of(STAFF[job.tenant][1:])
        planned: dict[str, Any] = {
            "crew": [{"role": "driver", "member": member}],
            "schedule": {"window_start": iso(window.begin), "window_end": iso(window.end)},
        }
        if self.choices.happens(50):
            planned["truck"] = "t1"
        self._edits(job, planned)

    def _edits(self, job: Job, changes: dict[str, Any]) -> None:
        dispatcher = STAFF[job.tenant][0]
        changes["event_id"] = self.next_id()
        send = self.world.backend.send
        path, match = f"/api/jobs/{job.job_id}", {"if-match": f'"{job.rev}"'}

        def edited(reply: ApiReply) -> None:
            if reply.status == 200:
                self.answered.append((job.tenant, job.job_id, changes["event_id"]))

        what = ", ".join(name for name in changes if name != "event_id")
        self.request(
            f"{dispatcher} edits {job.job_id}: {what}",
            lambda: send("PATCH", path, changes, by=dispatcher, tenant=job.tenant, headers=match),
            edited,
        )

    # The crew

    def crew_acts(self) -> None:
        """Without signal: the phone keeps what was done, and when."""
        job = self.any_job()
        mine = [
            phone
            for phone in self.phones
            if phone.tenant == job.tenant
            and any(assigned.member == phone.account for assigned in job.crew)
        ]
        if not mine:
            return
        event_id, at = self.next_id(), iso(self.world.now)
        move = self.choices.one_of(("start", "complete", "no_access", "on_my_way"))
        body = {"event_id": event_id, "occurred_at": at}
        path = f"/api/jobs/{job.job_id}"
        if move == "on_my_way":
            item = ("PATCH", path, body | {"approach": "on_my_way"})
        else:
            item = ("POST", f"{path}/moves", body | {"move": move, "reason": "so"})
        self.world.note(f"{mine[0].account}, without signal: {move} {job.job_id}")
        mine[0].waiting.append(item)

    def crew_sends(self) -> None:
        ready = [phone for phone in self.phones if phone.waiting and not phone.sending]
        self.sends(self.choices.one_of(ready))

    def sends(self, phone: CrewPhone) -> None:
        """The oldest action, until the server has judged it."""
        method, path, body = phone.waiting[0]
        phone.sending = True
        send = self.world.backend.send

        def judged(reply: ApiReply) -> None:
            phone.waiting.pop(0)
            phone.sending = False
            if reply.status in (200, 202):
                job_id = path.split("/")[3]
                self.answered.append((phone.tenant, job_id, body["event_id"]))

        self.request(
            f"{phone.account}'s phone sends {body.get('move', 'approach')}",
            lambda: send(method, path, body, by=phone.account, tenant=phone.tenant),
            judged,
        )
