"""How a `haul` command ends, as its exit code."""

FAILED, USAGE, REJECTED, NOT_FOUND, NOT_RUNNING, TIMED_OUT = 1, 2, 3, 4, 5, 6
