"""What `haul` says about the errors of the rest of the code, and the exit code for each."""

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError
from pydantic import ValidationError

from cli.output.exit_codes import FAILED, NOT_FOUND, REJECTED, TIMED_OUT, USAGE
from functions.ops.dead_letters import NotRedrivable, UnknownQueue
from functions.protocol.batches import PERMANENT_ERRORS
from functions.protocol.field_errors import field_errors
from functions.protocol.ports import (
    Conflict,
    Corrupt,
    Unavailable,
    Unforeseen,
    UnknownJob,
    UnknownTenant,
)


def text_of(error: Exception) -> tuple[str, int] | None:
    """The sentence and the exit code; None for an error that no one expects."""
    match error:
        case ValidationError():
            return "; ".join(field_errors(error)), USAGE
        case UnknownTenant():
            return f"{error}; `haul business list` shows all businesses", NOT_FOUND
        case UnknownJob():
            return f"{error}; `haul job list` shows all jobs", NOT_FOUND
        case UnknownQueue():
            return str(error), NOT_FOUND
        case NotRedrivable():
            return str(error), REJECTED
        case Corrupt():
            return f"{error}; it was not changed; see `corrupt` in docs/runbook.md", REJECTED
        case Unforeseen():
            return f"{error}; `haul ops stuck` lists the job", FAILED
        case _ if isinstance(error, PERMANENT_ERRORS):
            return str(error), REJECTED
        case Unavailable():
            return f"{error}; try again", TIMED_OUT
        case ClientError():
            may = "check what these credentials may do"
            return f"AWS refused the call: {error}; {may}", FAILED
        case Conflict():
            return f"someone changed it at the same time ({error}); try again", TIMED_OUT
        case ReadTimeoutError():
            said = "no answer in time; check whether it was done before you try again"
            return said, TIMED_OUT
        case BotoCoreError():
            return f"AWS or the copy on this laptop does not answer: {error}", TIMED_OUT
    return None
