"""`haul hooks …`: webhook endpoints, and the log of texts and webhooks."""

import json
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
from functions.protocol.clock import utc_now
from statemachine.job.deliveries import Delivery

app = typer.Typer(
    no_args_is_help=True, help="Manage webhooks, and see which texts and webhooks were sent."
)

Id = Annotated[str, typer.Argument(metavar="ENDPOINT", help="An id from `haul hooks list`.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

DEFAULT_FACTS = ["JobCreated", "JobMoved"]


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The address to send facts to: https://…")],
    fact: Annotated[
        Optional[list[str]], typer.Option(help=f"Repeatable. One of {', '.join(TYPES)}.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Add a webhook endpoint. Prints its id and the secret that signs its deliveries."""
    with report_errors():
        wanted = tuple(fact or DEFAULT_FACTS)
        if unknown := [name for name in wanted if name not in TYPES]:
            raise UsageError(f"no fact {', '.join(unknown)}; the facts are {', '.join(TYPES)}")
        connection, tenant = context.obj.connection, context.obj.tenant
        _check_address(connection, url)
        endpoint = Endpoint.model_validate(
            {
                "tenant": tenant,
                "endpoint_id": new_endpoint_id(),
                "url": url,
                "facts": wanted,
                "secrets": (Secret(value=new_secret()),),
                "created_at": utc_now(),
            }
        )
        endpoints(connection).write(endpoint, None)
        _print_secret(endpoint, as_json)


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the endpoints, without their secrets."""
    with report_errors():
        found = list(endpoints(context.obj.connection).all(context.obj.tenant))
        if as_json:
            hidden = {"secrets"}
            print_json(
                [e.model_dump(mode="json", exclude_none=True, exclude=hidden) for e in found]
            )
            return
        if not found:
            console.print("No endpoints yet. Add one: haul hooks add https://…")
            return
        table = Table("endpoint", "host", "facts", "state", "failing since")
        for endpoint in found:
            since = local_time(endpoint.failing_since) if endpoint.failing_since else ""
            state = f"{endpoint.state} ({endpoint.why})" if endpoint.why else endpoint.state
            facts = ", ".join(endpoint.facts)
            table.add_row(endpoint.endpoint_id, endpoint.host, facts, state, since)
        console.print(table)


@app.command("test")
def send_test(context: typer.Context, endpoint_id: Id, as_json: Json = False) -> None:
    """Send a signed test. If it succeeds, a paused or disabled endpoint becomes active again."""
    with report_errors():
        connection, tenant = context.obj.connection, context.obj.tenant
        _require_endpoint(connection, tenant, endpoint_id)
        answer = _invoke(connection, {"test": endpoint_id, "tenant": tenant})
        if answer["ok"]:
            change_endpoint(endpoints(connection), tenant, endpoint_id, _activated)
        if as_json:
            print_json(answer)
        if not answer["ok"]:
            raise CliError(f"{endpoint_id} did not accept the test: {answer['outcome']}")
        if not as_json:
            console.print(f"[green]✓[/] {endpoint_id} answered {answer['outcome']}.")


@app.command()
def rotate(context: typer.Context, endpoint_id: Id, as_json: Json = False) -> None:
    """Give the endpoint a new secret. For one day, deliveries carry both signatures."""
    with report_errors():
        fresh, at = new_secret(), utc_now()
        endpoint = change_endpoint(
            endpoints(context.obj.connection),
            context.obj.tenant,
            endpoint_id,
            lambda endpoint: endpoint.rotated(fresh, at),
        )
        _print_secret(endpoint, as_json)


@app.command()
def disable(context: typer.Context, endpoint_id: Id) -> None:
    """Stop sending to the endpoint. The log shows what it misses; `haul hooks test` enables it."""
    with report_errors():
        change_endpoint(
            endpoints(context.obj.connection),
            context.obj.tenant,
            endpoint_id,
            lambda endpoint: endpoint.disabled("by hand"),
        )
        console.print(f"{endpoint_id} is disabled.")


@app.command()
def log(
    context: typer.Context,
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="The id of the job.")],
    as_json: Json = False,
) -> None:
    """Show what was sent about a job: recipient (masked), time, and outcome."""
    with report_errors():
        found = delivery_log(deliveries(context.obj.connection), context.obj.tenant, job_id)
        if as_json:
            print_json([d.model_dump(mode="json", exclude_none=True) for d in found])
            return
        if not found:
            raise NotFound(f"nothing was sent about {job_id}")
        table = Table("fact", "channel", "to", "outcome", "attempts", "last attempt")
        for delivery in found:
            name = delivery.name
            fact = delivery.status or name.mark
            outcome = f"{delivery.state} ({delivery.why})" if delivery.why else delivery.state
            to = f"{delivery.to} {name.recipient}" if name.channel == "webhook" else delivery.to
            tries = str(len(delivery.attempts))
            table.add_row(fact, name.channel, to, outcome, tries, local_time(delivery.updated_at))
        console.print(table)


@app.command()
def replay(
    context: typer.Context,
    endpoint_id: Id,
    job: Annotated[Optional[str], typer.Option(help="Only facts about this job.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also facts that were delivered.")
    ] = False,
) -> None:
    """Send an endpoint the facts again that it did not accept, with the same ids."""
    with report_errors():
        connection, tenant = context.obj.connection, context.obj.tenant
        _require_endpoint(connection, tenant, endpoint_id)
        sent = sum(
            _send_again(connection, delivery)
            for delivery in deliveries(connection).to_endpoint(tenant, endpoint_id)
            if job in (None, delivery.name.about) and (everything or delivery.state != "sent")
            if delivery.ended
        )
        console.print(f"{sent} facts are queued for {endpoint_id} again.")


def endpoints(connection: Connection) -> S3Endpoints:
    return S3Endpoints(connection.client("s3"), connection.outputs["JobsBucket"])


def deliveries(connection: Connection) -> S3Deliveries:
    return S3Deliveries(connection.client("s3"), connection.outputs["JobsBucket"])


def _require_endpoint(connection: Connection, tenant: str, endpoint_id: str) -> None:
    if endpoints(connection).read(tenant, endpoint_id) is None:
        raise UnknownEndpoint(f"no endpoint {endpoint_id}; `haul hooks list` shows all endpoints")


def _activated(endpoint: Endpoint) -> Endpoint:
    return endpoint if endpoint.state == "active" else endpoint.enabled()


def _check_address(connection: Connection, url: str) -> None:
    """Checks only the form; every delivery checks the address that the name resolves to."""
    local = connection.edge_url.startswith("http://localhost")
    try:
        SafeWebhookClient(allow_local=local).checked(url)
    except AddressRefused as error:
        raise UsageError(f"{error}") from error


def _print_secret(endpoint: Endpoint, as_json: bool) -> None:
    secret = endpoint.secrets[0].value
    if as_json:
        print_json({"endpoint": endpoint.endpoint_id, "secret": secret, "facts": endpoint.facts})
        return
    console.print(f"[bold]{endpoint.endpoint_id}[/] receives {', '.join(endpoint.facts)}.")
    console.print(f"Secret, only for the receiver: {secret}", soft_wrap=True)


def _invoke(connection: Connection, message: dict[str, Any]) -> dict[str, Any]:
    answer = connection.client("lambda").invoke(
        FunctionName=connection.outputs["DeliverWebhooksFunction"],
        Payload=json.dumps(message).encode(),
    )
    outcome: dict[str, Any] = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise CliError(f"the test failed: {outcome.get('errorMessage', 'no reason given')}")
    return outcome


def _send_again(connection: Connection, ended: Delivery) -> bool:
    """Reopen the delivery, then send its message. False if its fact is no longer stored."""
    at = utc_now()

    def reopened(known: Delivery | None) -> Delivery:
        if known is None or not known.ended or known.fact is None:
            return known or ended
        return known.next(at, state="waiting", why="replayed", claim=None, attempts=(), due_at=at)

    delivery = change(deliveries(connection), ended.name, reopened)
    if delivery.fact is None:
        return False
    sqs = connection.client("sqs")
    queues = WebhookQueues(
        SqsDelayedMessages(sqs, connection.outputs["WebhookQueueUrl"]),
        SqsDelayedMessages(sqs, connection.outputs["SlowWebhookQueueUrl"]),
    )
    queues.put(next_attempt(delivery, at), slow=True)
    return True
