"""What hints cost: operations and minutes of AppSync Events for the jobs of a month."""

HINTS = 8
"""For each of a job's four statuses, one to its customer and one to the office."""
HEARD = 12
"""Each by the customer's page and by two of the office; assumed, as the rest is. The minutes of the
office's pages are few beside those of customers."""
CONNECTIONS, CONNECTED_MINUTES = 4, 80
"""Of the customer's visits; connecting and subscribing are an operation each."""


def push_units(jobs: int) -> dict[str, float]:
    """By the names in `PRICES_USD`."""
    return {
        "push_operation": jobs * (HINTS + HEARD + 2 * CONNECTIONS),
        "push_minute": jobs * CONNECTED_MINUTES,
    }
