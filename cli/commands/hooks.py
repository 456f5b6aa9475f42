"""`haul hooks …`: where facts are posted, and what became of every text and webhook."""

import json
from datetime import datetime, timezone
from typing import Annotated, Any, Optional

import typer
from rich.table import Table

from cli.client.connection import Connection
from cli.output.output import (
    CliError,
    NotFound,
    UsageError,
    console,
    local_time,
    print_json,
    report_errors,
)
from functions.aws.messages import S3Deliveries, S3Endpoints
from functions.aws.queues import SqsDelayedMessages
from functions.messages.deliveries import change, delivery_log
from functions.messages.endpoints import (
    TYPES,
    Endpoint,
    Secret,
    UnknownEndpoint,
    change_endpoint,
    new_endpoint_id,
    new_secret,
)
from functions.messages.webhook_client import AddressRefused, SafeWebhookClient
from functions.messages.webhook_schedule import WebhookQueues, next_attempt
from statemachine.deliveries import Delivery

app = typer.Typer(
    no_args_is_help=True, help="Webhook endpoints, and the log of texts and webhooks."
)

Id = Annotated[str, typer.Argument(metavar="ENDPOINT", help="As `haul hooks list` names it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

DEFAULT_FACTS = ["JobCreated", "JobMoved"]


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where facts are posted, as https://….")],
    fact: Annotated[
        Optional[list[str]], typer.Option(help=f"Repeat for more: {', '.join(TYPES)}.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add an endpoint; prints its id and the secret that signs what it gets."""
    with report_errors():
        wanted = tuple(fact or DEFAULT_FACTS)
        if unknown := [name for name in wanted if name not in TYPES]:
            raise UsageError(f"no fact {', '.join(unknown)}; there are {', '.join(TYPES)}")
        place, tenant = context.obj.place, context.obj.tenant
        _check_form(place, url)
        endpoint = Endpoint.model_validate(
            {
                "tenant": tenant,
                "endpoint_id": new_endpoint_id(),
                "url": url,
                "facts": wanted,
                "secrets": (Secret(value=new_secret()),),
                "created_at": now(),
            }
        )
        endpoints(place).write(endpoint, None)
        _print_secret(endpoint, as_json)


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """The endpoints, without their secrets."""
    with report_errors():
        found = list(endpoints(context.obj.place).all(context.obj.tenant))
        if as_json:
            hidden = {"secrets"}
            print_json(
                [e.model_dump(mode="json", exclude_none=True, exclude=hidden) for e in found]
            )
            return
        if not found:
            console.print("No endpoints here. Add one: haul hooks add https://…")
            return
        table = Table("endpoint", "host", "facts", "state", "failing since")
        for endpoint in found:
            since = local_time(endpoint.failing_since) if endpoint.failing_since else ""
            state = f"{endpoint.state} ({endpoint.why})" if endpoint.why else endpoint.state
            facts = ", ".join(endpoint.facts)
            table.add_row(endpoint.endpoint_id, endpoint.host, facts, state, since)
        console.print(table)


@app.command("test")
def try_out(context: typer.Context, endpoint_id: Id, as_json: Json = False) -> None:
    """Post a signed test, print the answer; a paused or disabled endpoint that takes it goes on."""
    with report_errors():
        place, tenant = context.obj.place, context.obj.tenant
        _known(place, tenant, endpoint_id)
        answer = _invoke(place, {"test": endpoint_id, "tenant": tenant})
        if answer["ok"]:
            change_endpoint(endpoints(place), tenant, endpoint_id, _working)
        if as_json:
            print_json(answer)
        if not answer["ok"]:
            raise CliError(f"{endpoint_id} did not take the test: {answer['outcome']}")
        if not as_json:
            console.print(f"[green]✓[/] {endpoint_id} answered {answer['outcome']}.")


@app.command()
def rotate(context: typer.Context, endpoint_id: Id, as_json: Json = False) -> None:
    """Give the endpoint a new secret; for a day the old one signs beside it."""
    with report_errors():
        fresh, at = new_secret(), now()
        endpoint = change_endpoint(
            endpoints(context.obj.place),
            context.obj.tenant,
            endpoint_id,
            lambda endpoint: endpoint.rotated(fresh, at),
        )
        _print_secret(endpoint, as_json)


@app.command()
def disable(context: typer.Context, endpoint_id: Id) -> None:
    """Send nothing to the endpoint any more; the log has what it misses. `test` enables it."""
    with report_errors():
        change_endpoint(
            endpoints(context.obj.place),
            context.obj.tenant,
            endpoint_id,
            lambda endpoint: endpoint.disabled("by hand"),
        )
        console.print(f"{endpoint_id} is disabled.")


@app.command()
def log(
    context: typer.Context,
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="A job's id.")],
    as_json: Json = False,
) -> None:
    """What was sent about a job: to whom (masked), when, and with which outcome."""
    with report_errors():
        found = delivery_log(deliveries(context.obj.place), context.obj.tenant, job_id)
        if as_json:
            print_json([d.model_dump(mode="json", exclude_none=True) for d in found])
            return
        if not found:
            raise NotFound(f"nothing was sent about {job_id}")
        table = Table("fact", "by", "to", "outcome", "tries", "last")
        for delivery in found:
            name = delivery.name
            told = delivery.status or name.mark
            outcome = f"{delivery.state} ({delivery.why})" if delivery.why else delivery.state
            to = f"{delivery.to} {name.recipient}" if name.channel == "webhook" else delivery.to
            tries = str(len(delivery.attempts))
            table.add_row(told, name.channel, to, outcome, tries, local_time(delivery.updated_at))
        console.print(table)


@app.command()
def replay(
    context: typer.Context,
    endpoint_id: Id,
    job: Annotated[Optional[str], typer.Option(help="Only what is about this job.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what the endpoint has taken.")
    ] = False,
) -> None:
    """Tell an endpoint again what it did not take, under the same ids."""
    with report_errors():
        place, tenant = context.obj.place, context.obj.tenant
        _known(place, tenant, endpoint_id)
        told = sum(
            _tell_again(place, delivery)
            for delivery in deliveries(place).to_endpoint(tenant, endpoint_id)
            if job in (None, delivery.name.about) and (everything or delivery.state != "sent")
            if delivery.ended
        )
        console.print(f"{told} facts are on their way to {endpoint_id} again.")


def now() -> datetime:
    return datetime.now(timezone.utc)


def endpoints(place: Connection) -> S3Endpoints:
    return S3Endpoints(place.client("s3"), place.outputs["JobsBucket"])


def deliveries(place: Connection) -> S3Deliveries:
    return S3Deliveries(place.client("s3"), place.outputs["JobsBucket"])


def _known(place: Connection, tenant: str, endpoint_id: str) -> Endpoint:
    stored = endpoints(place).read(tenant, endpoint_id)
    if stored is None:
        raise UnknownEndpoint(f"no endpoint {endpoint_id}; `haul hooks list` shows those there are")
    return stored.value


def _working(endpoint: Endpoint) -> Endpoint:
    return endpoint if endpoint.state == "active" else endpoint.enabled()


def _check_form(place: Connection, url: str) -> None:
    """By its form alone: where the name leads is looked at with every delivery."""
    local = place.edge_url.startswith("http://localhost")
    try:
        SafeWebhookClient(allow_local=local).checked(url)
    except AddressRefused as error:
        raise UsageError(f"{error}") from error


def _print_secret(endpoint: Endpoint, as_json: bool) -> None:
    secret = endpoint.secrets[0].value
    if as_json:
        print_json({"endpoint": endpoint.endpoint_id, "secret": secret, "facts": endpoint.facts})
        return
    console.print(f"[bold]{endpoint.endpoint_id}[/] gets {', '.join(endpoint.facts)}.")
    console.print(f"Secret, for the receiver alone: {secret}", soft_wrap=True)


def _invoke(place: Connection, message: dict[str, Any]) -> dict[str, Any]:
    answer = place.client("lambda").invoke(
        FunctionName=place.outputs["DeliverWebhooksFunction"], Payload=json.dumps(message).encode()
    )
    told: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise CliError(f"the test failed: {told.get('errorMessage', 'no reason')}")
    return told


def _tell_again(place: Connection, ended: Delivery) -> bool:
    """Whether it goes out again: first the delivery is opened, then its message is sent."""
    at = now()

    def opened(known: Delivery | None) -> Delivery:
        if known is None or not known.ended or known.fact is None:
            return known or ended
        return known.next(at, state="waiting", why="replayed", claim=None, attempts=(), due_at=at)

    delivery = change(deliveries(place), ended.name, opened)
    if delivery.fact is None:
        return False
    sqs = place.client("sqs")
    lanes = WebhookQueues(
        SqsDelayedMessages(sqs, place.outputs["WebhookQueueUrl"]),
        SqsDelayedMessages(sqs, place.outputs["SlowWebhookQueueUrl"]),
    )
    lanes.put(next_attempt(delivery, at), slow=True)
    return True
