"""The HTTP API behind `/api/*`, for the pages, the command line, and other programs.

    ../serve_api.py   the Lambda: wired once, routed by Powertools
    route.py          what a route is: who may call it, what it takes and returns
    *_routes.py       the routes; routing, role checks, and docs/openapi.json come from them
    dispatch.py       from a request to its response; one log line each
    request.py        reads and checks a request    request_models.py   what clients send
    responses.py      makes a response              response_models.py  what they get
    problems.py       every refusal and error (RFC 9457)

Moves, edits, and bookings run the same code as requests from the bus.
"""
