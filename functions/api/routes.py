"""All routes, in the order of docs/openapi.json."""

from functions.api.business_routes import BUSINESS_ROUTES
from functions.api.conversation_routes import CONVERSATION_ROUTES
from functions.api.crew_routes import CREW_ROUTES
from functions.api.job_routes import JOB_ROUTES
from functions.api.ops_routes import OPS_ROUTES
from functions.api.people_routes import PEOPLE_ROUTES
from functions.api.public_routes import PUBLIC_ROUTES
from functions.api.report_routes import REPORT_ROUTES
from functions.api.route import Route

ROUTES: tuple[Route, ...] = (
    *PUBLIC_ROUTES,
    *BUSINESS_ROUTES,
    *PEOPLE_ROUTES,
    *JOB_ROUTES,
    *CONVERSATION_ROUTES,
    *CREW_ROUTES,
    *REPORT_ROUTES,
    *OPS_ROUTES,
)
