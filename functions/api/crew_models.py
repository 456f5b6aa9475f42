"""The documents about crew and their day: asked and answered."""

from typing import Annotated

from pydantic import ConfigDict, Field

from events import Changes
from functions.api.response_models import JobDocument
from functions.people.accounts import Role
from functions.people.crew_location import CrewLocation, Latitude, Longitude
from statemachine.bounds import UtcInput
from statemachine.job import CrewRole, PhotoId, PhotoKind
from statemachine.roster import Date, Day
from statemachine.values import Frozen, JobId, Name, OutsideEventId, Utc


class Engagement(Frozen):
    """A job that someone, or a truck, is on."""

    job_id: JobId
    role: CrewRole | None = None
    """None for a truck."""
    status: Name
    under_way: bool
    window_start: Utc | None = None
    window_end: Utc | None = None


class CrewMember(Frozen):
    """`days` has the days on which something else holds than "there all day, in every role"."""

    member: Name
    name: str
    roles: tuple[Role, ...]
    phone: str | None = None
    email: str | None = None
    days: dict[Date, Day] = Field(default_factory=dict)
    jobs: tuple[Engagement, ...] = ()
    crew_location: CrewLocation | None = None


class TruckDocument(Frozen):
    truck: Name
    name: str
    jobs: tuple[Engagement, ...] = ()


class CrewDocument(Frozen):
    """Everybody who can be put on a job, all trucks, and what they are on between two days.

    A job that is under way is among it whenever it was planned.
    """

    members: tuple[CrewMember, ...]
    trucks: tuple[TruckDocument, ...]
    time_zone: str
    as_of: Utc


class DaysQuery(Frozen):
    """Both days included; left out, today and tomorrow by the business's clock."""

    model_config = ConfigDict(extra="ignore")

    first: Date | None = None
    last: Date | None = None


class MyJobsDocument(Frozen):
    """The jobs of whoever asks, for today and tomorrow, in the order of their arrival windows.

    Those without a window come last; those that ended are there until the day is over.
    """

    account: Name
    """Whose jobs they are: on a phone, someone else may have signed in since it last asked."""
    jobs: tuple[JobDocument, ...]
    trucks: dict[Name, str]
    """What the trucks of these jobs are called."""
    time_zone: str
    as_of: Utc


class EditBody(Changes):
    """`event_id` and `occurred_at` are for who was without signal: a copy changes nothing."""

    event_id: OutsideEventId | None = None
    occurred_at: UtcInput | None = None

    def changes(self) -> Changes:
        """The request without what it says about itself; only what was given counts as given."""
        given = self.model_fields_set & set(Changes.model_fields)
        return Changes.model_validate({name: getattr(self, name) for name in given})


class PhotoBody(Frozen):
    """A photo that is to be uploaded. `bytes` is its exact size."""

    event_id: OutsideEventId
    occurred_at: UtcInput
    kind: PhotoKind
    media_type: Annotated[str, Field(max_length=100)]
    bytes: Annotated[int, Field(ge=1)]


class UploadDocument(Frozen):
    """Send the photo's bytes with PUT to `url`, with these headers and no others of your own."""

    url: str
    headers: dict[str, str]


class PhotoDocument(Frozen):
    """`upload` is null where this very photo is on the job already."""

    photo_id: PhotoId
    upload: UploadDocument | None = None


class LocationBody(Frozen):
    """Where the phone is. It is rounded before it is kept."""

    latitude: Latitude
    longitude: Longitude
    occurred_at: UtcInput
