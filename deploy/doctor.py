"""Checks whether a deployment is what its template says, resource by resource.

The resources are those that CloudFormation lists for the stack, so new ones in the template are
checked too. Nothing is changed and no job is created; `haul deploy` verifies jobs. Checks from
outside are in deploy/doctor_edge.py.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from deploy import doctor_fixes as remedies
from deploy.doctor_edge import headers, pages_of_this_build, unknown_views
from deploy.doctor_fixes import BY_HAND
from deploy.doctor_stage import DeployedStage, Finding
from deploy.state_machine_versions import ALIAS
from functions.people.sessions import SigningKeys
from functions.protocol.clock import utc_now
from functions.protocol.edge_secret import EdgeSecrets
from statemachine.asl import render
from statemachine.flows import flow_names, load_flow

ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
NO_SUBSCRIBERS = "no one receives alarms"
SUBSCRIBE = "haul deploy {stage} --set AlarmEmail=ops@example.com, then confirm the email from AWS"
CONFIRM = (
    "open the link in the email “Subscription Confirmation” from AWS; it expires after three days: "
    "then subscribe the address to the topic again in the SNS console"
)
GOOD_STATES = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


Check = Callable[[DeployedStage], Iterator[Finding]]


def examine(
    session: Any, outputs: dict[str, str], edge_url: str, max_key_days: int
) -> Iterator[Finding]:
    """All checks. A check that raises is itself a bad finding; the others still run."""
    patient = DeployedStage(session, outputs, edge_url, max_key_days)
    for check in CHECKS:
        try:
            yield from check(patient)
        except Exception as error:  # the other checks still run
            what = f"{check.__name__.replace('_', ' ')}: cannot be checked"
            yield Finding(what, False, f"{type(error).__name__}: {error}"[:300])


def stack(patient: DeployedStage) -> Iterator[Finding]:
    status = patient.described["StackStatus"]
    events = f"{patient.aws} cloudformation describe-stack-events --stack-name {patient.stack}"
    do = f"{events} shows what failed; fix it, then haul deploy {patient.stage}"
    yield Finding(f"stack {patient.stack} is {status}", status in GOOD_STATES, do)
    wanted = {name for name, out in patient.template["Outputs"].items() if "Condition" not in out}
    missing = sorted(wanted - set(patient.outputs))
    yield Finding(
        f"outputs missing: {', '.join(missing)}" if missing else "the stack has all its outputs",
        not missing,
        f"this haul is newer than the stack: haul deploy {patient.stage}, or use the version that "
        "was deployed",
    )


def functions(patient: DeployedStage) -> Iterator[Finding]:
    aws, iam = patient.client("lambda"), patient.client("iam")
    for _, name in patient.of("AWS::Lambda::Function"):
        try:
            alias = aws.get_alias(FunctionName=name, Name=ALIAS)
            known = aws.get_function_configuration(FunctionName=name, Qualifier=ALIAS)
        except aws.exceptions.ResourceNotFoundException:
            yield Finding(f"function {name} has no alias {ALIAS}", False, _alias(patient, name))
            continue
        role = known["Role"].rpartition("/")[2]
        try:
            iam.get_role(RoleName=role)
        except iam.exceptions.NoSuchEntityException:
            yield Finding(f"function {name} has no role {role}", False, BY_HAND)
            continue
        state = known.get("State", "Active")
        what = f"function {name} runs version {alias['FunctionVersion']}, {state}"
        do = f"haul rollback {patient.stage} returns to the previous version"
        yield Finding(what, state in ("Active", "Inactive"), do)


def _alias(patient: DeployedStage, name: str) -> str:
    aws = patient.client("lambda")
    try:
        pages = aws.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        versions = [each["Version"] for page in pages for each in page["Versions"]]
    except aws.exceptions.ResourceNotFoundException:
        return BY_HAND
    return remedies.alias(patient.aws, name, ALIAS, max(filter(str.isdigit, versions), key=int))


def queues(patient: DeployedStage) -> Iterator[Finding]:
    sqs, aws = patient.client("sqs"), patient.client("lambda")
    for _, url in patient.of("AWS::SQS::Queue"):
        known = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        name = url.rpartition("/")[2]
        if name.endswith("-dead-letters"):
            queue = name.removeprefix(f"{patient.stack}-").removesuffix("-dead-letters")
            count = int(known["ApproximateNumberOfMessages"])
            yield _dead_letters(name, queue.replace("-", "_"), count)
            continue
        has_dlq = "RedrivePolicy" in known
        what = f"queue {name} has {'a' if has_dlq else 'no'} dead-letter queue"
        yield Finding(what, has_dlq, BY_HAND)
        arn = known["QueueArn"]
        mappings = aws.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
        states = [mapping["State"] for mapping in mappings]
        own = name.removeprefix(f"{patient.stack}-")
        yield Finding(
            f"queue {name} is read: {', '.join(states) or 'no'}",
            states == ["Enabled"],
            remedies.reader(patient.aws, patient.stack, own, arn, mappings),
        )


def _dead_letters(name: str, queue: str, count: int) -> Finding:
    show, redrive = f"haul ops dlq show {queue}", f"haul ops dlq redrive {queue} --all"
    return Finding(
        f"{name}: {count} dead letters", count == 0, f"{show}, fix the cause, then {redrive}"
    )


def alarms(patient: DeployedStage) -> Iterator[Finding]:
    wanted = {known_as for kind in ALARMS for _, known_as in patient.of(kind)}
    pages = patient.client("cloudwatch").get_paginator("describe_alarms")
    known = {
        each["AlarmName"]: each
        for page in pages.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        for each in (*page.get("MetricAlarms", ()), *page.get("CompositeAlarms", ()))
    }
    for name in sorted(wanted):
        state = known[name]["StateValue"] if name in known else "missing"
        what = f"alarm {name} is {state}"
        do = known[name].get("AlarmDescription", "") if name in known else BY_HAND
        yield Finding(what, state in ("OK", "INSUFFICIENT_DATA"), do)


def alarm_subscribers(patient: DeployedStage) -> Iterator[Finding]:
    """Someone must receive the alarms, except on a laptop."""
    sns = patient.client("sns")
    (topic,) = (arn for name, arn in patient.of("AWS::SNS::Topic") if name == "AlarmTopic")
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    arns = [each["SubscriptionArn"] for page in pages for each in page["Subscriptions"]]
    confirmed = [arn for arn in arns if arn.startswith("arn:")]
    what = f"alarms reach {len(confirmed)} of {len(arns)} subscribers" if arns else NO_SUBSCRIBERS
    if not patient.on_aws:
        what += "; on a laptop no one has to"
    do = CONFIRM if arns else SUBSCRIBE.format(stage=patient.stage)
    yield Finding(what, bool(confirmed) or not patient.on_aws, do)


SECRETS: tuple[tuple[str, str, type[BaseModel]], ...] = (
    ("the list of signing keys", "SessionKeysArn", SigningKeys),
    ("the edge's secret", "EdgeSecretArn", EdgeSecrets),
)
"""Each with its name, the stack's output that has its ARN, and its form."""
ROTATION_FAILED = (
    "its rotation failed: see haul ops dlq show rotate_keys, and the log of rotate-keys"
)


def secrets(patient: DeployedStage) -> Iterator[Finding]:
    for name, key, kind in SECRETS:
        aws, arn = patient.client("secretsmanager"), patient.outputs[key]
        about = aws.describe_secret(SecretId=arn)
        changed = about.get("LastChangedDate") or about["CreatedDate"]
        days = (utc_now() - changed).days
        yield Finding(f"{name} is {days} days old", days <= patient.max_key_days, ROTATION_FAILED)
        readable = _is(kind, aws.get_secret_value(SecretId=arn)["SecretString"])
        yield Finding(f"{name} can be read", readable, "restore the last secret version")


def _is(kind: type[BaseModel], body: str) -> bool:
    try:
        return bool(kind.model_validate_json(body))
    except ValidationError:
        return False


def rules(patient: DeployedStage) -> Iterator[Finding]:
    """On our bus, and on the default bus, where AWS sends events about executions."""
    pages = patient.client("events").get_paginator("list_rules")
    known = {
        rule["Name"]: (rule["State"], bus)
        for bus in (patient.outputs["BusName"], "default")
        for page in pages.paginate(EventBusName=bus)
        for rule in page["Rules"]
    }
    for name, known_as in patient.of("AWS::Events::Rule"):
        rule = known_as.rpartition("|")[2]
        wanted = remedies.rule_state(patient.template, name, patient.parameters)
        state, bus = known.get(rule, ("missing", ""))
        do = remedies.rule(patient.aws, rule, bus, wanted) if bus else BY_HAND
        yield Finding(f"rule {name} is {state}", state == wanted, do)


def schedules(patient: DeployedStage) -> Iterator[Finding]:
    scheduler = patient.client("scheduler")
    for name, known_as in patient.of("AWS::Scheduler::Schedule"):
        state = scheduler.get_schedule(Name=known_as.rpartition("/")[2] or known_as)["State"]
        yield Finding(f"schedule {name} is {state}", state == "ENABLED", BY_HAND)


def archives(patient: DeployedStage) -> Iterator[Finding]:
    for name, known_as in patient.of("AWS::Events::Archive"):
        state = patient.client("events").describe_archive(ArchiveName=known_as)["State"]
        yield Finding(f"archive {name} is {state}", state == "ENABLED", BY_HAND)


def flows(patient: DeployedStage) -> Iterator[Finding]:
    """New executions run the flow files of this version."""
    sfn, prefix = patient.client("stepfunctions"), patient.outputs["MachinePrefix"]
    for flow in flow_names():
        alias = sfn.describe_state_machine_alias(stateMachineAliasArn=f"{prefix}{flow}:{ALIAS}")
        arn = alias["routingConfiguration"][0]["stateMachineVersionArn"]
        deployed = sfn.describe_state_machine(stateMachineArn=arn)["definition"]
        same = matches(json.loads(render(load_flow(flow))), json.loads(deployed))
        what = f"flow {flow} and its state machine {'match' if same else 'do not match'}"
        do = f"haul deploy {patient.stage}, or use the version that was deployed"
        yield Finding(what, same, do)


def matches(ours: Any, deployed: Any) -> bool:
    """Whether they are equal; `${Name}` in ours matches any text."""
    if isinstance(ours, dict) and isinstance(deployed, dict):
        return ours.keys() == deployed.keys() and all(
            matches(ours[key], deployed[key]) for key in ours
        )
    if isinstance(ours, list) and isinstance(deployed, list):
        return len(ours) == len(deployed) and all(map(matches, ours, deployed))
    if isinstance(ours, str) and isinstance(deployed, str):
        parts = re.split(r"\$\{\w+\}", ours)
        return re.fullmatch(".+".join(map(re.escape, parts)), deployed) is not None
    return bool(ours == deployed)


def edge(patient: DeployedStage) -> Iterator[Finding]:
    for what, ok, do in (
        *headers(patient.edge_url),
        *unknown_views(patient.edge_url),
        *pages_of_this_build(patient.edge_url),
    ):
        yield Finding(what, ok, do)


CHECKS: tuple[Check, ...] = (
    stack, functions, queues, alarms, alarm_subscribers, secrets, rules, schedules, archives,
    flows, edge,
)  # fmt: skip
