"""Ops: how the whole is doing, one job's story, and what a person can have repaired."""

import re

from functions.api.answers import Answer
from functions.api.asking import Ask
from functions.api.ops_documents import (
    DeadLettersDocument,
    LettersWish,
    OpenJobsDocument,
    RedriveDocument,
)
from functions.api.parts import Api
from functions.api.problems import Problem
from statemachine.values import JOB_ID_PATTERN


def overview(api: Api, ask: Ask) -> Answer:
    seen = api.ops().overview(ask.who.tenant, ask.now, own_letters_only=True)
    return Answer(200, seen, compress=True)


def explain(api: Api, ask: Ask) -> Answer:
    job_id = _job_id(ask)
    story = api.ops().explain(ask.who.tenant, job_id, ask.now)
    return Answer(200, story, about=(ask.who.tenant, job_id), compress=True)


def open_jobs(api: Api, ask: Ask) -> Answer:
    """From the index and not from the board, which may be what has to be repaired."""
    job_ids = tuple(sorted(api.ops().open_jobs(ask.who.tenant)))
    return Answer(200, OpenJobsDocument(job_ids=job_ids, as_of=ask.now), compress=True)


def redrive(api: Api, ask: Ask) -> Answer:
    """What a person asks for is done at once and not by the next round of the watchdog."""
    job_id = _job_id(ask)
    repairs = api.ops().redrive(ask.who.tenant, job_id)
    document = RedriveDocument.model_validate({"job_id": job_id, "repairs": tuple(repairs)})
    return Answer(200, document, about=(ask.who.tenant, job_id), outcome="redriven")


def dead_letters(api: Api, ask: Ask) -> Answer:
    letters = api.ops().letters.show(ask.parameters["queue"], ask.who.tenant)
    return Answer(200, DeadLettersDocument(letters=letters, as_of=ask.now))


def replay(api: Api, ask: Ask) -> Answer:
    wish = ask.document(LettersWish)
    queue, tenant = ask.parameters["queue"], ask.who.tenant
    done = api.ops().letters.replay(queue, wish.message_ids, tenant)
    return Answer(200, done, outcome="letters replayed")


def discard(api: Api, ask: Ask) -> Answer:
    wish = ask.document(LettersWish)
    queue, tenant = ask.parameters["queue"], ask.who.tenant
    done = api.ops().letters.discard(queue, wish.message_ids, tenant)
    return Answer(200, done, outcome="letters discarded")


def _job_id(ask: Ask) -> str:
    job_id = ask.parameters["job_id"]
    if not re.fullmatch(JOB_ID_PATTERN, job_id):
        raise Problem("unknown-job")
    return job_id
