"""Who writes a view tells those who listen, after the view is there."""

import pytest

from functions.protocol.ports import Conflict
from functions.views.hinted_views import HintedViews
from statemachine.flows import load_flow
from statemachine.values.ids import digest_of, hint_channel
from statemachine.views.views import view_of
from tests.support.builders import a_job
from tests.support.fakes import Bucket, FakeViews

JOB = a_job()
DIGEST = digest_of(JOB.token)
VIEW = view_of(JOB, load_flow(JOB.flow))


class HeardHints:
    """Keeps each hint, and whether its view was there."""

    def __init__(self, views: FakeViews) -> None:
        self.views = views
        self.heard: list[tuple[str, int]] = []
        self.found = False

    def send(self, channel: str, rev: int) -> None:
        self.heard.append((channel, rev))
        self.found = self.views.read(DIGEST) is not None


@pytest.fixture
def hints() -> HeardHints:
    return HeardHints(FakeViews(Bucket()))


def test_a_hint_follows_the_view_that_it_is_about(hints: HeardHints) -> None:
    HintedViews(hints.views, hints).write(DIGEST, VIEW, None)
    assert hints.heard == [(hint_channel(DIGEST), VIEW.rev)]
    assert hints.found


def test_a_view_that_was_not_written_has_no_hint(hints: HeardHints) -> None:
    views = HintedViews(hints.views, hints)
    views.write(DIGEST, VIEW, None)
    with pytest.raises(Conflict):
        views.write(DIGEST, VIEW, None)
    assert len(hints.heard) == 1


def test_the_channel_does_not_tell_the_digest() -> None:
    assert DIGEST not in hint_channel(DIGEST)
    assert hint_channel(DIGEST) != hint_channel("0" * 32)
