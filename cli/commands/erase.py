"""`haul erase`: forget a customer, with every version, under every name and number they had."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated, Any

import typer

from cli.audit import audited
from cli.client.connection import Connection
from cli.customer_search import CustomerMatch, KnownCustomer, everybody, phone_in, those_meant
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
from functions.aws.s3_stores import S3Boards, S3Jobs
from functions.messages.phone_numbers import digest_of
from functions.views.board import PublishBoard
from statemachine.deliveries import masked_phone
from statemachine.flows import load_flow
from statemachine.job import Job

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class Doomed:
    """What is erased: the jobs, and every number of theirs that is no one else's."""

    jobs: tuple[Job, ...]
    phones: frozenset[str]
    phones_of_others: frozenset[str]


def erase(
    context: typer.Context,
    customer: Annotated[
        str, typer.Option(help="Phone number, name, or the id of one of their jobs.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a customer's ended jobs and numbers with all versions, and note that it was done.

    Former names and numbers of their jobs too. Whoever said STOP is still not sent texts: that request
    alone stays, under a hash of the number.
    """
    with report_errors():
        place, tenant = context.obj.place, context.obj.tenant
        known = everybody(place, tenant)
        person = _the_one(those_meant(customer, known))
        _tell_unreadable(known)
        doomed = _doomed(person, customer, known)
        if not yes and not typer.confirm(_question(person, doomed)):
            raise CliError("nothing was erased")
        with audited(context, "erase", {"jobs": [job.job_id for job in doomed.jobs]}) as done:
            failed = dict[str, str]()
            facts = _erased(place, tenant, doomed, failed)
            done |= facts
        _report(doomed, facts, as_json)
        if failed:
            raise CliError(f"not erased: {_each(failed)}; run the same command again")


def _the_one(meant: Sequence[CustomerMatch]) -> CustomerMatch | None:
    """Raises UsageError where more than one person may be meant, also with --yes."""
    if len(meant) < 2:
        return meant[0] if meant else None
    lines = "\n".join(f"  {person.described()}" for person in meant)
    raise UsageError(
        f"nothing was erased; {len(meant)} people may be meant:\n{lines}\n"
        "Name one of them by the number, or by the id of a job, with --customer."
    )


def _question(person: CustomerMatch | None, doomed: Doomed) -> str:
    whose = f" ({person.described()})" if person else ""
    return f"Erase {len(doomed.jobs)} jobs{whose} for good?"


def _tell_unreadable(known: KnownCustomer) -> None:
    if known.unreadable:
        ids = ", ".join(sorted(known.unreadable))
        error_console.print(
            f"[yellow]?[/] These jobs cannot be read, so it is not known whose they are: {ids}",
            soft_wrap=True,
        )


def _doomed(person: CustomerMatch | None, customer: str, known: KnownCustomer) -> Doomed:
    """Raises NotFound, CliError where a job of theirs is not over or cannot be read."""
    named = phone_in(customer)
    if person is None:
        if named is None:
            raise NotFound("no job of that customer; write the number or the name as in the job")
        return _without_others((), {named}, _phones_of_others(known, None))
    broken = [job.job_id for job in person.jobs if job.job_id in known.broken]
    if broken:
        restore = "`haul ops restore JOB` puts the last readable version back"
        raise CliError(f"cannot be read: {', '.join(broken)}; {restore}, then erase again")
    open_ = [job.job_id for job in person.jobs if not _over(job)]
    if open_:
        raise CliError(f"still open: {', '.join(open_)}; complete or cancel them first")
    phones = person.phones | ({named} if named else set())
    return _without_others(person.jobs, phones, _phones_of_others(known, person))


def _without_others(jobs: Iterable[Job], phones: set[str], others: set[str]) -> Doomed:
    return Doomed(tuple(jobs), frozenset(phones - others), frozenset(others))


def _phones_of_others(known: KnownCustomer, person: CustomerMatch | None) -> set[str]:
    others = (each for each in known.people if each is not person)
    return {job.customer.phone for each in others for job in each.jobs if job.customer.phone}


def _erased(
    place: Connection, tenant: str, doomed: Doomed, failed: dict[str, str]
) -> dict[str, int]:
    """Numbers first: once the jobs are gone, no one knows them to try again. The board next, while
    the jobs can still be found where it fails; it is replaced whole, and only then the rest goes.
    """
    objects, kept = _numbers_erased(place, tenant, doomed)
    if doomed.jobs:
        ids = [job.job_id for job in doomed.jobs]
        objects += _board_without(place, tenant, ids)
        objects += sum(_job_erased(place, job, failed) for job in doomed.jobs)
        if _is_shown(place, tenant, ids):  # written in between, from an object not gone yet
            objects += _board_without(place, tenant, ids)
        invalidate_views(place.client, place.outputs)
    return {"objects": objects, "opt_outs_kept": kept}


def _numbers_erased(place: Connection, tenant: str, doomed: Doomed) -> tuple[int, int]:
    """How many objects, and how many opt-outs stay. Also numbers of which S3 has only a digest."""
    s3, bucket = place.client("s3"), place.outputs["JobsBucket"]
    erased = [erase_number(s3, bucket, tenant, phone) for phone in sorted(doomed.phones)]
    corrected = [job.job_id for job in doomed.jobs if was_corrected(job)]
    if corrected:
        ids = {job.job_id for job in doomed.jobs}
        known = {digest_of(tenant, phone) for phone in doomed.phones}
        if digests := digests_of(s3, bucket, tenant, ids) - known:
            digests -= {digest_of(tenant, phone) for phone in doomed.phones_of_others}
        erased += [erase_digest(s3, bucket, tenant, digest) for digest in sorted(digests)]
    objects = sum(number.objects for number in erased)
    masks = {mask for job_id in corrected for mask in masks_of(s3, bucket, tenant, job_id)}
    for mask in sorted(masks - {masked_phone(phone) for phone in doomed.phones}):
        objects += erase_answers(s3, bucket, tenant, mask)
    return objects, sum(number.opt_out_kept for number in erased)


def _job_erased(place: Connection, job: Job, failed: dict[str, str]) -> int:
    try:
        return erase_job(place.client, place.outputs, job)
    except Exception as error:  # the others are erased all the same, and this one is named
        failed[job.job_id] = type(error).__name__
        return 0


def _board_without(place: Connection, tenant: str, job_ids: Iterable[str]) -> int:
    """Build the board without them and put it in place; then delete its earlier versions, which
    show them. Raises Unavailable, and then the board is as it was."""
    s3, bucket = place.client("s3"), place.outputs["JobsBucket"]
    _publish(s3, bucket).rebuild(tenant, datetime.now(timezone.utc), without=job_ids)
    return purge_older(s3, bucket, f"tenants/{tenant}/board/jobs.json")


def _publish(s3: Any, bucket: str) -> PublishBoard:
    return PublishBoard(S3Jobs(s3, bucket), S3Boards(s3, bucket))


def _is_shown(place: Connection, tenant: str, job_ids: Iterable[str]) -> bool:
    stored = S3Boards(place.client("s3"), place.outputs["JobsBucket"]).read(tenant)
    return stored is not None and not stored.value.jobs.keys().isdisjoint(job_ids)


def _report(doomed: Doomed, facts: dict[str, int], as_json: bool) -> None:
    """Raises NotFound where nothing was known of the number at all."""
    if not doomed.jobs and not facts["objects"] and not facts["opt_outs_kept"]:
        raise NotFound("no job of that phone, and nothing is kept about it")
    if as_json:
        print_json({"jobs": len(doomed.jobs), **facts})
        return
    console.print(f"{len(doomed.jobs)} jobs are erased, {facts['objects']} objects and versions.")
    if facts["opt_outs_kept"]:
        console.print("The request for no texts is kept, under a hash of the number.")


def _each(failed: dict[str, str]) -> str:
    return ", ".join(f"{job_id} ({why})" for job_id, why in failed.items())


def _over(job: Job) -> bool:
    return load_flow(job.flow).status(job.status).terminal and job.execution.seq >= job.seq
