"""Who writes a board tells the office's pages, and nothing about that stops the board."""

import pytest

from functions.protocol.ports import BoardChannels, Conflict
from functions.views.hinted_boards import HintedBoards
from statemachine.views.views import Board
from tests.support.fakes import Bucket, FakeBoards

CHANNEL = "c" * 32


class FakeChannels:
    def __init__(self, channel: str | None = CHANNEL) -> None:
        self.channel = channel
        self.made = False

    def read(self, tenant: str) -> str | None:
        return self.channel if self.made else None

    def ensure(self, tenant: str) -> str | None:
        self.made = True
        return self.channel


class Office:
    """Keeps each hint, and whether the board was there."""

    def __init__(self, channels: BoardChannels) -> None:
        self.stored = FakeBoards(Bucket())
        self.boards = HintedBoards(self.stored, channels, self)
        self.heard: list[str] = []
        self.found = False

    def send(self, channel: str, rev: int) -> None:
        self.heard.append(channel)
        self.found = self.stored.read("main") is not None


def test_a_hint_follows_the_board_that_it_is_about() -> None:
    office = Office(FakeChannels())
    office.boards.write("main", Board(), None)
    assert office.heard == [CHANNEL]
    assert office.found


def test_a_board_that_was_not_written_has_no_hint() -> None:
    office = Office(FakeChannels())
    office.boards.write("main", Board(), None)
    with pytest.raises(Conflict):
        office.boards.write("main", Board(), None)
    assert len(office.heard) == 1


def test_a_board_without_a_channel_is_written() -> None:
    office = Office(FakeChannels(None))
    office.boards.write("main", Board(), None)
    assert office.stored.read("main") is not None
    assert office.heard == []


def test_who_reads_the_first_board_finds_its_channel() -> None:
    channels = FakeChannels()

    class Seen(FakeBoards):
        def write(self, tenant: str, board: Board, replacing: str | None) -> None:
            assert channels.read(tenant) == CHANNEL
            super().write(tenant, board, replacing)

    office = Office(channels)
    HintedBoards(Seen(Bucket()), channels, office).write("main", Board(), None)
    assert office.heard == [CHANNEL]
