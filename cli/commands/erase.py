"""`haul erase`: erase a customer, with every version, under every name and number they had."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from cli.client.connection import Connection
from cli.data.audit_log import audited
from cli.data.customer_search import (
    CustomerIndex,
    CustomerMatch,
    all_customers,
    matching_customers,
    phone_in,
)
from cli.data.derived import publish_board_of
from cli.output.output import (
    CliError,
    NotFound,
    UsageError,
    console,
    error_console,
    print_json,
    report_errors,
)
from deploy.erase import (
    erase_answers,
    erase_digest,
    erase_job,
    erase_number,
    invalidate_views,
    purge_older,
)
from deploy.former_customers import digests_of, masks_of, was_corrected
from functions.aws.s3_stores import S3Boards
from functions.messages.phone_numbers import digest_of
from functions.protocol.clock import utc_now
from statemachine.flows import load_flow
from statemachine.job.deliveries import masked_phone
from statemachine.job.job import Job

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class ErasePlan:
    """What will be erased: the jobs, and the customer's numbers that belong to no one else."""

    jobs: tuple[Job, ...]
    phones: frozenset[str]
    phones_of_others: frozenset[str]


def erase(
    context: typer.Context,
    customer: Annotated[
        str, typer.Option(help="A phone number, a name, or the id of one of their jobs.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a customer: their ended jobs and phone numbers, with all versions. This is logged.

    Includes former names and numbers of these jobs. If the customer has texted STOP, that request
    stays, under a hash of the number, so that no texts are sent.
    """
    with report_errors():
        connection, tenant = context.obj.connection, context.obj.tenant
        known = all_customers(connection, tenant)
        person = _only_match(matching_customers(customer, known))
        _warn_unreadable(known)
        plan = _plan(person, customer, known)
        if not yes and not typer.confirm(_question(person, plan)):
            raise CliError("nothing was erased")
        with audited(context, "erase", {"jobs": [job.job_id for job in plan.jobs]}) as done:
            failed = dict[str, str]()
            facts = _erase(connection, tenant, plan, failed)
            done |= facts
        _report(plan, facts, as_json)
        if failed:
            raise CliError(f"not erased: {_each(failed)}; run the same command again")


def _only_match(matches: Sequence[CustomerMatch]) -> CustomerMatch | None:
    """None if no one matches. Raises UsageError if several people match, even with --yes."""
    if len(matches) < 2:
        return matches[0] if matches else None
    lines = "\n".join(f"  {person.described()}" for person in matches)
    raise UsageError(
        f"nothing was erased; {len(matches)} people match:\n{lines}\n"
        "Choose one with --customer and the phone number or the id of a job."
    )


def _question(person: CustomerMatch | None, plan: ErasePlan) -> str:
    whose = f" ({person.described()})" if person else ""
    return f"Erase {len(plan.jobs)} jobs{whose} for good?"


def _warn_unreadable(known: CustomerIndex) -> None:
    if known.unreadable:
        ids = ", ".join(sorted(known.unreadable))
        error_console.print(
            f"[yellow]?[/] These jobs cannot be read, so their customers are unknown: {ids}",
            soft_wrap=True,
        )


def _plan(person: CustomerMatch | None, customer: str, known: CustomerIndex) -> ErasePlan:
    """Raises NotFound, or CliError if one of the jobs is open or cannot be read."""
    named = phone_in(customer)
    if person is None:
        if named is None:
            raise NotFound("no job has that customer; write the number or name as in the job")
        return _without_others((), {named}, _phones_of_others(known, None))
    broken = [job.job_id for job in person.jobs if job.job_id in known.broken]
    if broken:
        restore = "`haul ops restore JOB` restores the last readable version"
        raise CliError(f"cannot be read: {', '.join(broken)}; {restore}; then erase again")
    open_ = [job.job_id for job in person.jobs if not _has_ended(job)]
    if open_:
        raise CliError(f"still open: {', '.join(open_)}; complete or cancel them first")
    phones = person.phones | ({named} if named else set())
    return _without_others(person.jobs, phones, _phones_of_others(known, person))


def _without_others(jobs: Iterable[Job], phones: set[str], others: set[str]) -> ErasePlan:
    return ErasePlan(tuple(jobs), frozenset(phones - others), frozenset(others))


def _phones_of_others(known: CustomerIndex, person: CustomerMatch | None) -> set[str]:
    others = (each for each in known.people if each is not person)
    return {job.customer.phone for each in others for job in each.jobs if job.customer.phone}


def _erase(
    connection: Connection, tenant: str, plan: ErasePlan, failed: dict[str, str]
) -> dict[str, int]:
    """Numbers first, because only the jobs know them if this has to run again. Then the board,
    while a failure still leaves the jobs in place; the jobs last.
    """
    objects, kept = _erase_numbers(connection, tenant, plan)
    if plan.jobs:
        ids = [job.job_id for job in plan.jobs]
        objects += _remove_from_board(connection, tenant, ids)
        objects += sum(_erase_one(connection, job, failed) for job in plan.jobs)
        if _board_shows(connection, tenant, ids):  # written meanwhile, before the job was gone
            objects += _remove_from_board(connection, tenant, ids)
        invalidate_views(connection.client, connection.outputs)
    return {"objects": objects, "opt_outs_kept": kept}


def _erase_numbers(connection: Connection, tenant: str, plan: ErasePlan) -> tuple[int, int]:
    """How many objects were erased, and how many opt-outs stay. Also erases numbers known only by
    their digest."""
    s3, bucket = connection.client("s3"), connection.outputs["JobsBucket"]
    erased = [erase_number(s3, bucket, tenant, phone) for phone in sorted(plan.phones)]
    corrected = [job.job_id for job in plan.jobs if was_corrected(job)]
    if corrected:
        ids = {job.job_id for job in plan.jobs}
        known = {digest_of(tenant, phone) for phone in plan.phones}
        if digests := digests_of(s3, bucket, tenant, ids) - known:
            digests -= {digest_of(tenant, phone) for phone in plan.phones_of_others}
        erased += [erase_digest(s3, bucket, tenant, digest) for digest in sorted(digests)]
    objects = sum(number.objects for number in erased)
    masks = {mask for job_id in corrected for mask in masks_of(s3, bucket, tenant, job_id)}
    for mask in sorted(masks - {masked_phone(phone) for phone in plan.phones}):
        objects += erase_answers(s3, bucket, tenant, mask)
    return objects, sum(number.opt_out_kept for number in erased)


def _erase_one(connection: Connection, job: Job, failed: dict[str, str]) -> int:
    try:
        return erase_job(connection.client, connection.outputs, job)
    except Exception as error:  # the other jobs are erased, and this one is reported
        failed[job.job_id] = type(error).__name__
        return 0


def _remove_from_board(connection: Connection, tenant: str, job_ids: Iterable[str]) -> int:
    """Replace the board by one without these jobs, then delete its earlier versions, which show
    them. Raises Unavailable; the board is then unchanged."""
    s3, bucket = connection.client("s3"), connection.outputs["JobsBucket"]
    publish = publish_board_of(connection)
    publish.rebuild(tenant, utc_now(), without=job_ids)
    return purge_older(s3, bucket, f"tenants/{tenant}/board/jobs.json")


def _board_shows(connection: Connection, tenant: str, job_ids: Iterable[str]) -> bool:
    stored = S3Boards(connection.client("s3"), connection.outputs["JobsBucket"]).read(tenant)
    return stored is not None and not stored.value.jobs.keys().isdisjoint(job_ids)


def _report(plan: ErasePlan, facts: dict[str, int], as_json: bool) -> None:
    """Raises NotFound if nothing was stored about the number."""
    if not plan.jobs and not facts["objects"] and not facts["opt_outs_kept"]:
        raise NotFound("no job has that phone number, and nothing is stored about it")
    if as_json:
        print_json({"jobs": len(plan.jobs), **facts})
        return
    console.print(f"Erased {len(plan.jobs)} jobs: {facts['objects']} objects and versions.")
    if facts["opt_outs_kept"]:
        console.print("The customer's STOP stays, under a hash of the number.")


def _each(failed: dict[str, str]) -> str:
    return ", ".join(f"{job_id} ({why})" for job_id, why in failed.items())


def _has_ended(job: Job) -> bool:
    return load_flow(job.flow).status(job.status).terminal and job.execution.seq >= job.seq
