"""What an app shows of a link to a booking or tracking page: the name and logo of the business.

Such apps read the page without running its script, and all businesses have one page. So the edge
sends them here (edge/rewrite.js): to a small page that has nothing about a job or a person.
The protocol is Open Graph (ogp.me, read 2026-11-28).
"""

from html import escape

from functions.api.dependencies import Api
from functions.api.problems import Problem
from functions.api.public import BUSINESS_CACHED_S, job_of_digest
from functions.api.request import ApiRequest
from functions.api.responses import ApiResponse, MediaBody
from functions.protocol.ports import UnknownJob, UnknownTenant
from statemachine.business.business import BusinessSettings, is_internal
from statemachine.values.values import Language

BOOK: dict[Language, str] = {"en": "Book a pickup", "es": "Reserve una recogida"}
TRACK: dict[Language, str] = {"en": "Your pickup", "es": "Su servicio"}


def preview_booking(api: Api, request: ApiRequest) -> ApiResponse:
    business = request.parameters["business"]
    if is_internal(business):
        raise Problem("unknown-business")
    try:
        return _page(api, api.tenants.read(business), BOOK)
    except UnknownTenant as error:
        raise Problem("unknown-business") from error


def preview_tracking(api: Api, request: ApiRequest) -> ApiResponse:
    job = job_of_digest(api, request)
    if job is None:
        raise UnknownJob
    return _page(api, api.tenants.read(job.tenant), TRACK)


def _page(api: Api, business: BusinessSettings, what: dict[Language, str]) -> ApiResponse:
    title = f"{what[business.language]} · {business.name}"
    properties = {"og:type": "website", "og:title": title, "og:site_name": business.name}
    if logo := business.logo:
        properties |= {
            "og:image": f"{api.edge_url()}{logo.path}",
            "og:image:width": str(logo.width),
            "og:image:height": str(logo.height),
        }
    head = "".join(
        f'<meta property="{name}" content="{escape(text)}">\n' for name, text in properties.items()
    )
    page = (
        f'<!doctype html>\n<html lang="{business.language}">\n<meta charset="utf-8">\n'
        f'<meta name="robots" content="noindex">\n{head}'
        f"<title>{escape(title)}</title>\n<p>{escape(title)}</p>\n</html>\n"
    )
    headers = {"Cache-Control": f"public, max-age={BUSINESS_CACHED_S}"}
    return ApiResponse(200, MediaBody("text/html; charset=utf-8", page), headers)
