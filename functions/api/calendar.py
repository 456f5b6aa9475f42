"""The arrival window as an entry for the customer's calendar (RFC 5545)."""

from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.public import job_of_digest
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse, MediaBody
from functions.protocol.ports import UnknownJob
from statemachine.business.business import BusinessSettings
from statemachine.flows import load_flow
from statemachine.job.job import Job
from statemachine.rules.requirements import is_request
from statemachine.schedule.slots import slot_of

MEDIA_TYPE = "text/calendar; charset=utf-8"


def read_calendar(api: Api, request: ApiRequest) -> ApiResponse:
    """Without the address: anyone who has the digest may read it, as they may read the view."""
    job = job_of_digest(api, request)
    if job is None:
        raise UnknownJob
    window = slot_of(job, load_flow(job.flow))
    if window is None or is_request(job):
        raise Problem("no-window", about=(job.tenant, job.job_id))
    entry = calendar_entry(job, api.tenants.read(job.tenant), request)
    headers = {"Content-Disposition": 'attachment; filename="pickup.ics"'}
    return ApiResponse(200, MediaBody(MEDIA_TYPE, entry), headers, about=(job.tenant, job.job_id))


def calendar_entry(job: Job, business: BusinessSettings, request: ApiRequest) -> str:
    """The same UID for every window, so that a calendar moves the entry when it is added again."""
    from icalendar import Calendar, Event  # only these requests pay for the import

    titles = {"en": f"{business.name}: arrival window", "es": f"{business.name}: hora de llegada"}
    event = Event()
    event.add("uid", f"{job.job_id}@{job.tenant}.haulway")
    event.add("sequence", job.rev)
    event.add("dtstamp", request.now)
    event.add("dtstart", job.schedule.window_start)
    event.add("dtend", job.schedule.window_end)
    event.add("summary", titles[job.customer.language])
    if business.phone:
        event.add("contact", business.phone)
    calendar = Calendar()
    calendar.add("prodid", "-//Haulway//haulway//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")
