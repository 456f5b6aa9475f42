"""What hints cost: operations and minutes of AppSync Events for the jobs of a month."""

HINTS = 4
"""One for each status of a job."""
HEARD = 4
"""By a page that looks at each change; assumed, as the rest is."""
CONNECTIONS, CONNECTED_MINUTES = 4, 80
"""Of the customer's visits; connecting and subscribing are an operation each."""


def push_units(jobs: int) -> dict[str, float]:
    """By the names in `PRICES_USD`."""
    return {
        "push_operation": jobs * (HINTS + HEARD + 2 * CONNECTIONS),
        "push_minute": jobs * CONNECTED_MINUTES,
    }
