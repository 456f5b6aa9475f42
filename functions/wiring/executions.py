"""Step Functions' executions, for every Lambda that starts or stops them."""

from functions.aws.container import RunsMachines, client
from functions.aws.stepfunctions import StepFunctionsExecutions


def executions_of(settings: RunsMachines) -> StepFunctionsExecutions:
    return StepFunctionsExecutions(
        client("stepfunctions"), settings.machine_prefix, settings.machine_alias
    )
