"""The HTTP API behind `/api/*`: for the pages, the command line and other programs.

    entry.py      the Lambda: wired once, routed by Powertools
    routes.py     the table of routes: who may ask, what is answered; OpenAPI is made from it
    asking.py     a request, taken apart with suspicion      answers.py   what is answered
    problems.py   every way to say no (RFC 9457)             openapi.py   docs/openapi.json

    session.py    sign-in     jobs.py    the board and its jobs     public.py   without a session

A move, an edit and a booking are the very code that the bus feeds.
"""
