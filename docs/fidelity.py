"""Where each behavior of AWS that the product relies on was tried: `docs/fidelity.md`.

python -m docs.fidelity
"""

from dataclasses import dataclass
from pathlib import Path

from tests.support.aws_calls import LIMITS

FILE = Path(__file__).parent / "fidelity.md"

TOP = """\
# What of AWS was tried, and where

Made by `python -m docs.fidelity` from `docs/fidelity.py`; a test keeps them in step and looks that
every named test exists. **Model**: every state is checked (`spec/`). **World**: the real functions
on fakes (`tests/simulation/`). **Port**: the same suite on the fake and on the adapter, which talks
to moto or to the laptop engine. **Engine**: a whole deployment on MiniStack. Where all four have a
dash, it was never tried; the last column says what shows it on AWS.
"""
LIMITS_TOP = """\
## Limits

The fakes and every client of the tests refuse a call that botocore's model of the service does not
allow (types, lengths, patterns, enumerations), and one beyond these documented limits
(`tests/support/aws_calls.py`). The functions on the laptop engine are only checked by botocore
itself. Rates are not checked. The limits are those that AWS documents at present; where ours is
stricter on purpose, AWS's own follows. `PutEvents` keeps the former 256 KB, because an event is
larger than its entry and has to fit into a message of SQS.
"""
WORLD = "tests/simulation/test_world.py::test_no_rule_is_broken"
PORTS = "tests/functions/protocol/test_ports.py"
ENGINE = "tests/functions/protocol/test_protocol_on_engine.py"
AWS = "tests/functions/aws/test_aws.py"


@dataclass(frozen=True)
class Behavior:
    """Each column names a model, a test, or nothing. `on_aws` is what shows it there."""

    what: str
    model: str = ""
    world: str = ""
    port: str = ""
    engine: str = ""
    on_aws: str = ""


BEHAVIORS = (
    Behavior(
        "S3: of two conditional writes one succeeds, the other gets 412",
        "spec/job.pml",
        WORLD,
        f"{PORTS}::test_a_job_is_replaced_only_with_its_current_etag",
        f"{ENGINE}::test_t2_of_many_writers_none_is_overwritten",
        "`haul smoke`, and the lock of `haul deploy`",
    ),
    Behavior(
        "S3: a write whose response was lost looks like a conflict",
        "spec/job.pml",
        WORLD,
        f"{PORTS}::test_a_lost_write_is_a_conflict_whether_it_was_done_or_not",
    ),
    Behavior(
        "S3: `If-Match` on an object that is gone creates nothing",
        port=f"{PORTS}::test_a_job_that_is_gone_is_not_created_by_replacing_it",
        on_aws="`haul smoke`",
    ),
    Behavior(
        "SQS: a message comes twice, late, and in any order",
        "spec/job.pml",
        WORLD,
        engine="tests/e2e/test_jobs.py::test_duplicated_and_shuffled_events_give_the_same_result",
    ),
    Behavior(
        "SQS: a message that is delayed, or made visible again soon",
        world=WORLD,
        port=f"{PORTS}::test_a_message_that_is_to_be_retried_soon_is_visible_again_soon",
    ),
    Behavior(
        "SQS: a batch of which only some messages failed",
        world=WORLD,
        engine="tests/e2e/test_watch.py::test_an_event_that_can_never_succeed",
    ),
    Behavior(
        "EventBridge: entries that were not accepted are put again",
        world=WORLD,
        port=f"{AWS}::test_only_failed_entries_are_put_on_the_bus_again",
        on_aws="`haul smoke`",
    ),
    Behavior(
        "Step Functions: one execution for each name, started twice or closed",
        "spec/job.pml",
        WORLD,
        f"{PORTS}::test_starting_the_same_generation_again_is_success",
        f"{ENGINE}::test_t19_an_execution_that_has_closed_is_not_started_again",
    ),
    Behavior(
        "Step Functions: a used or expired task token is an error that proves nothing",
        "spec/job.pml",
        WORLD,
        f"{AWS}::test_an_expired_task_token_is_not_an_error",
        f"{ENGINE}::test_t16_a_used_token_or_one_of_a_stopped_execution_is_no_error",
        "`haul smoke`, for an unknown token",
    ),
    Behavior(
        "Step Functions: a wait times out, is caught, and begins again with another token",
        "spec/job.pml",
        WORLD,
        engine=f"{ENGINE}::test_t15_a_wait_that_timed_out_is_fenced_by_the_one_that_followed",
    ),
    Behavior(
        "Step Functions: an execution that ends badly sends an event, perhaps never",
        "spec/job.pml",
        WORLD,
        engine="tests/e2e/test_watch.py::test_an_execution_stopped_by_hand",
    ),
    Behavior(
        "Step Functions: a definition that is not the language is refused",
        port="tests/statemachine/test_definitions.py::test_a_definition_is_correct",
        on_aws="`haul deploy`",
    ),
    Behavior(
        "Lambda: a process dies after any call",
        "spec/job.pml",
        WORLD,
        engine="tests/e2e/test_watch.py::test_a_consumer_that_fails",
    ),
    Behavior(
        "DynamoDB: a transaction writes all items or none",
        world=WORLD,
        port="tests/functions/people/test_crew_ports.py::test_all_sheets_are_written_or_none",
    ),
    Behavior(
        "CloudFront: a copy is served until it expires or is invalidated, with lag",
        "spec/reader.pml",
        WORLD,
        engine="tests/local/test_edge_on_ministack.py"
        "::test_a_page_a_view_an_invalidation_and_the_api",
        on_aws="`haul deploy`: the canary follows its link through the edge",
    ),
    Behavior(
        "CloudFront: the same invalidation asked for twice is one",
        port=f"{PORTS}::test_a_batch_asked_for_again_is_the_same_invalidation",
    ),
    Behavior(
        "SMS: no response means sent or not, and nothing tells which",
        "spec/text.pml",
        WORLD,
        "tests/functions/messages/test_message_ports.py"
        "::test_n2_a_text_with_a_lost_response_was_sent_in_one_request",
        on_aws="the alarm `sms-outcome-unknown`",
    ),
    Behavior(
        "Every service: a call with unknown or wrong parameters, or beyond a limit, is refused",
        world=WORLD,
        port="tests/functions/aws/test_aws_calls.py::test_a_call_beyond_a_limit_is_refused",
        on_aws="the alarms of the functions' errors",
    ),
    Behavior(
        "IAM: each action exists for the resources of its statement",
        port="tests/deploy/test_policies.py::test_every_action_exists_for_its_resources",
        engine="tests/e2e/test_permissions.py",
        on_aws="`haul smoke`, for one function's role",
    ),
    Behavior(
        "IAM: what CloudFormation needs to make each resource",
        port="tests/deploy/test_deploy_role.py::test_every_type_of_the_template_is_covered",
        on_aws="`haul deploy` with a role that has only `docs/deploy-role.json`",
    ),
    Behavior(
        "CloudFront: a change of the distribution is everywhere, in minutes",
        on_aws="`haul deploy`: it waits for it",
    ),
    Behavior(
        "Lambda: traffic moves to a new version step by step, and back at an alarm",
        on_aws="`haul deploy` with another release",
    ),
    Behavior(
        "SMS: an incoming text arrives through SNS",
        on_aws="text HELP to the number of the stage",
    ),
)
COLUMNS = ("model", "world", "port", "engine")


def tests_named() -> set[str]:
    """Every file or test in the table."""
    cells = (getattr(each, column) for each in BEHAVIORS for column in COLUMNS)
    return {cell for cell in cells if cell}


def render() -> str:
    lines = [
        TOP,
        "| behavior | model | world | port | engine | on AWS |",
        "|---|---|---|---|---|---|",
    ]
    for each in BEHAVIORS:
        cells = [_cell(getattr(each, column)) for column in COLUMNS]
        lines.append("| " + " | ".join([each.what, *cells, each.on_aws or "–"]) + " |")
    tried = sum(any(getattr(each, column) for column in COLUMNS) for each in BEHAVIORS)
    lines += ["", f"{len(BEHAVIORS)} behaviors, {len(BEHAVIORS) - tried} of them only on AWS."]
    lines += ["", LIMITS_TOP, "| service | what | at most | calls |", "|---|---|---|---|"]
    for limit in LIMITS:
        calls = ", ".join(f"`{operation}`" for operation in limit.operations)
        most = f"{limit.most:,}" + (f" (AWS: {limit.on_aws})" if limit.on_aws else "")
        lines.append(f"| {limit.service} | {limit.what} | {most} | {calls} |")
    return "\n".join(lines) + "\n"


def _cell(named: str) -> str:
    path, _, test = named.partition("::")
    title = test.removeprefix("test_").replace("_", " ") or path.rpartition("/")[2]
    return f"[{title}](../{path})" if named else "–"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
