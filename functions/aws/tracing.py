"""X-Ray: whatever a function causes belongs to the trace in which it was called itself.

Lambda says the trace in its environment, again for every call. EventBridge and Step Functions hand
it on to whom they call, SQS in a message attribute of its own.
"""

import os


def trace_header() -> str | None:
    """The trace of the call that is running, None where no one traces."""
    return os.environ.get("_X_AMZN_TRACE_ID")
