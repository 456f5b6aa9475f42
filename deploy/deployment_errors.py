"""How a deployment can end without success."""

from deploy.artifacts import StageRecord
from deploy.stack import DeployFailed


class RolledBack(DeployFailed):
    """The release failed; the stage runs the previous one again."""


class NotConfirmed(DeployFailed):
    """The stage runs another release than the approved one."""


class NothingToRollBackTo(DeployFailed):
    """The stage has never run another verified release."""


class Stopped(DeployFailed):
    """Someone interrupted the deployment; the text has the state of the stage."""


def unfinished(stage: str, record: StageRecord) -> str:
    """The state of the stage, and what to do."""
    state = (
        f"the deployment of release {record.pending} to stage {stage} is unfinished: it may serve "
        "already but is not verified; deploy it again to finish"
    )
    back = f", or run `haul rollback {stage}` to return to {record.current}"
    return state + (back if record.current and not record.going_back else "")
