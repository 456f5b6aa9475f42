"""X-Ray: everything that a function causes belongs to the trace in which it was invoked.

Lambda sets the trace in the environment at every invocation. EventBridge and Step Functions pass
it on to what they call, SQS in a message attribute.
"""

import os


def trace_header() -> str | None:
    """The trace of the current invocation; None without tracing."""
    return os.environ.get("_X_AMZN_TRACE_ID")
