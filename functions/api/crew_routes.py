"""Routes of the crew: the roster, their own jobs, photos, and location."""

from functions.api import crew_location, my_jobs, photos, roster
from functions.api.crew_models import MyJobsDocument
from functions.api.request_models import DaysQuery, LocationBody, PhotoBody
from functions.api.response_models import CrewDocument, JobDocument, PhotoDocument
from functions.api.route import CREW, DISPATCHER, PLANNERS, SIGNED_IN, Route
from statemachine.schedule.roster import Day

CREW_ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/my/jobs",
        summary="Your own jobs, today and tomorrow",
        roles=SIGNED_IN,
        handler=my_jobs.list_my_jobs,
        responses={200: MyJobsDocument},
    ),
    Route(
        method="GET",
        path="/api/crew",
        summary="Everyone who can be put on a job, and the trucks",
        roles=PLANNERS,
        handler=roster.list_crew,
        responses={200: CrewDocument},
        query=DaysQuery,
        problems=("invalid",),
    ),
    Route(
        method="PUT",
        path="/api/crew/<member>/days/<date>",
        summary="Set a crew member's hours on one day",
        roles=DISPATCHER,
        handler=roster.set_day,
        responses={204: None},
        body=Day,
        problems=("unknown-member",),
    ),
    Route(
        method="DELETE",
        path="/api/crew/<member>/days/<date>",
        summary="Reset a crew member's day to default hours",
        roles=DISPATCHER,
        handler=roster.reset_day,
        responses={204: None},
        problems=("unknown-member", "invalid"),
    ),
    Route(
        method="POST",
        path="/api/jobs/<job_id>/photos",
        summary="Announce a photo and get its upload URL",
        roles=CREW,
        handler=photos.announce_photo,
        responses={201: PhotoDocument, 200: PhotoDocument, 204: None},
        body=PhotoBody,
        problems=("unknown-job", "photo-refused", "event-id-used"),
    ),
    Route(
        method="POST",
        path="/api/jobs/<job_id>/photos/<photo_id>",
        summary="Add an uploaded photo to the job",
        roles=CREW,
        handler=photos.add_photo,
        responses={200: JobDocument, 204: None},
        body=PhotoBody,
        problems=("unknown-job", "photo-refused", "photo-missing", "event-id-used"),
    ),
    Route(
        method="PUT",
        path="/api/jobs/<job_id>/location",
        summary="Share the crew's location while the job is under way",
        roles=CREW,
        handler=crew_location.share_location,
        responses={204: None},
        body=LocationBody,
        problems=("unknown-job", "not-under-way"),
    ),
    Route(
        method="DELETE",
        path="/api/jobs/<job_id>/location",
        summary="Stop sharing the crew's location and delete it",
        roles=CREW,
        handler=crew_location.stop_sharing_location,
        responses={204: None},
        problems=("unknown-job",),
    ),
)
