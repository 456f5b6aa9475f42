"""What happens to texts that wait: for the end of quiet hours, or for a person.

A text over a budget is held for a person, who sees it on the board and sends it or drops it by an
edit of the job. The edit leads back here like any other; if its message was lost, the watchdog
finds the held text by its object, ever more rarely.

    over budget   held ── edit: held ── board ── a person: send ── edit ── sent, if it is still true
                                                           drop ── edit ── dropped
"""

from datetime import timedelta

from events import Changes, JobEditRequested
from functions.messages.sms_budget import TextBudgets, may_spend
from functions.messages.sms_once import Hold
from functions.messages.text_about_job import TextAboutJob
from functions.protocol.compare_and_swap import Pause, full_jitter
from statemachine.business.business import BusinessSettings, quiet_until
from statemachine.job.deliveries import OVER_BUDGET, Delivery
from statemachine.job.unsent_text import UnsentText
from statemachine.messages.owed_texts import TOLD
from statemachine.values.values import RESERVED, Actor

FIRST_LOOK, LONGEST_LOOK = timedelta(hours=1), timedelta(days=1)
"""When the watchdog checks a text that waits for a person for being true: after an hour, and then
after as long again as it has waited, at most a day."""
BAD_NUMBERS = frozenset({"costly_number", "country_not_served", "not_a_number"})
BY_TEXTS = Actor(kind="system", id="texts")


def hold_of(
    text: TextAboutJob,
    known: Delivery | None,
    tenant: BusinessSettings,
    number: str,
    budgets: TextBudgets,
    pause: Pause = full_jitter,
) -> Hold | None:
    """Until when a text that is owed waits, and why; None if it may be sent now.

    What a person has to decide is not sent by itself the next day: today's flood would use up
    tomorrow's budget. Raises Unavailable.
    """
    waited = text.now - known.created_at if known else FIRST_LOOK
    for_person = Hold(text.now + min(max(waited, FIRST_LOOK), LONGEST_LOOK), OVER_BUDGET)
    may_send = text.decision == "send"
    if known and known.why == OVER_BUDGET and not may_send:
        return for_person
    if quiet := quiet_until(tenant, text.now):
        return Hold(quiet, "quiet_hours")
    if may_send or not text.is_of_stranger:
        return None
    may = may_spend(budgets, tenant, number, text.key, text.now, pause)
    return None if may else for_person


def unsent_edit(text: TextAboutJob, delivery: Delivery) -> JobEditRequested | None:
    """The edit that tells people of a text that was not sent, or that it is no longer so; None if
    the job says so already. Copies have the same id and values."""
    shown, mark = text.job.unsent_text, delivery.name.mark
    if delivery.state == "held" and delivery.why == OVER_BUDGET:
        if shown and shown.mark == mark:
            return None
        held = UnsentText(mark=mark, state="held", why=OVER_BUDGET)
        return _edit(text, f"held-{mark}", held)
    if delivery.state == "dropped" and delivery.why in BAD_NUMBERS:
        if shown and (shown.state, shown.why) == ("refused", delivery.why):
            return None
        refused = UnsentText(mark=mark, state="refused", why=delivery.why)
        return _edit(text, f"refused-{mark}", refused)
    if shown and _is_settled(shown, delivery):
        return _edit(text, f"gone-{mark}", UnsentText(mark=shown.mark, state="gone"))
    return None


def _is_settled(shown: UnsentText, delivery: Delivery) -> bool:
    """The held text has ended by itself; or the number that was refused is another now."""
    if shown.state == "refused":
        return delivery.state in TOLD
    return shown.state == "held" and shown.mark == delivery.name.mark and delivery.ended


def _edit(text: TextAboutJob, cause: str, unsent: UnsentText) -> JobEditRequested:
    job = text.job
    return JobEditRequested(
        tenant=job.tenant,
        job_id=job.job_id,
        event_id=f"{RESERVED}text-{cause}-{job.job_id}",
        occurred_at=text.now,
        actor=BY_TEXTS,
        changes=Changes(unsent_text=unsent),
    )
