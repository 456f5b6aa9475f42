"""Holds a job's reminders until their time comes.

A held reminder is a delivery like any other: its object is the truth, and the watchdog finds it in
the index by time. It is planned after every change of the job, once for each arrival window:

    confirmed for Dec 3      held until Dec 2, 17:00
    moved to Dec 5                                     stale, dropped
                             held until Dec 4, 17:00                  sent
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from events import Changes, JobEditRequested
from functions.messages.deliveries import Deliveries, change
from functions.messages.expected_messages import text_name
from functions.protocol.compare_and_swap import Pause, full_jitter
from functions.protocol.ports import Tenants
from statemachine.business.business import BusinessSettings
from statemachine.flows import Flow
from statemachine.job.deliveries import Delivery, masked_phone
from statemachine.job.job import Job
from statemachine.job.visit import VisitAnswer
from statemachine.messages.reminders import PlannedReminder, reminders_of
from statemachine.values.values import RESERVED, Actor

BY_REMINDER = Actor(kind="system", id="reminders")


@dataclass(frozen=True)
class PlanReminders:
    deliveries: Deliveries
    tenants: Tenants
    pause: Pause = full_jitter

    def __call__(self, job: Job, flow: Flow, now: datetime) -> None:
        """Hold those that are due later. Raises UnknownTenant, Unavailable."""
        if job.schedule.window_start is None or not flow.status(job.status).awaits_arrival:
            return  # the tenant need not be read
        for reminder in reminders_of(job, flow, self.tenants.read(job.tenant)):
            if reminder.due_at > now:
                self._hold(job, reminder, now)

    def _hold(self, job: Job, reminder: PlannedReminder, now: datetime) -> None:
        held = Delivery(
            name=text_name(job, reminder.mark),
            state="held",
            why="reminder",
            status=job.status,
            to=masked_phone(job.customer.phone or ""),
            due_at=reminder.due_at,
            created_at=now,
            updated_at=now,
        )
        change(self.deliveries, held.name, lambda known: known or held, self.pause)


def asked_edit(job: Job, tenant: BusinessSettings, asked_at: datetime) -> JobEditRequested:
    """The edit that records that the customer was asked; a copy has the same id and values."""
    start = job.schedule.window_start
    answer_by = asked_at + timedelta(hours=tenant.answer_hours)
    answer = VisitAnswer(state="asked", window_start=start, answer_by=answer_by)
    return JobEditRequested(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=f"{RESERVED}asked-{job.job_id}-{start:%Y%m%dT%H%M}",
        occurred_at=asked_at,
        actor=BY_REMINDER,
        changes=Changes(visit_answer=answer),
    )
