"""Job ids, tracking tokens, and digests."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statemachine.values.ids import (
    CROCKFORD,
    TOKEN_BYTES,
    digest_of,
    is_token,
    job_id_for,
    new_token,
)
from statemachine.values.values import JOB_ID_PATTERN
from tests.support.builders import NOON, TOKEN


def test_every_copy_of_a_booking_has_the_same_job_id() -> None:
    assert job_id_for("main", "web-1d7c2f", NOON) == "261121-5wqkd4"


def test_another_attempt_tenant_or_event_has_another_job_id() -> None:
    ids = {
        job_id_for("main", "e1", NOON),
        job_id_for("main", "e1", NOON, attempt=1),
        job_id_for("other", "e1", NOON),
        job_id_for("main", "e2", NOON),
    }
    assert len(ids) == 4


def test_the_day_of_an_id_is_the_day_in_utc() -> None:
    new_york = timezone(timedelta(hours=-5))
    evening = datetime(2026, 11, 20, 21, 30, tzinfo=new_york)
    assert job_id_for("main", "e1", evening) == job_id_for("main", "e1", evening.astimezone(UTC))
    assert job_id_for("main", "e1", evening).startswith("261121-")


@given(st.text(min_size=1), st.integers(0, 9))
def test_a_job_id_has_its_pattern_whatever_the_event_id(event_id: str, attempt: int) -> None:
    job_id = job_id_for("main", event_id, NOON, attempt)
    assert re.fullmatch(JOB_ID_PATTERN, job_id)
    assert set(job_id[7:]) <= set(CROCKFORD)


def test_the_letters_of_ids_are_spread_evenly() -> None:
    ids = {job_id_for("main", str(number), NOON) for number in range(2000)}
    assert len(ids) == 2000
    assert {job_id[-1] for job_id in ids} == {job_id[7] for job_id in ids} == set(CROCKFORD)


def test_a_token_has_128_bits_and_is_unique() -> None:
    assert TOKEN_BYTES * 8 >= 128
    tokens = {new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(is_token(token) for token in tokens)


@pytest.mark.parametrize(
    "text",
    ["", "x", TOKEN[:-1], TOKEN + "A", TOKEN[:-1] + "/", TOKEN[:-1] + "\n", TOKEN + "\n", "é" * 22],
)
def test_text_that_only_looks_like_a_token_is_not_one(text: str) -> None:
    assert not is_token(text)


def test_the_digest_of_a_token_is_the_start_of_its_sha256() -> None:
    # printf Zk3rW8qQ1vN6tYb0xJp_Lg | sha256sum | cut -c-32
    assert digest_of(TOKEN) == "d6f7af1c954a82bb485d47ebe8785c26"
