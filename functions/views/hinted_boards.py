"""Boards whose readers are told of each change, so that two dispatchers see each other's moves."""

from dataclasses import dataclass

from functions.protocol.ports import BoardChannels, Boards, Hints, Stored
from statemachine.views.views import Board

CHANGED = 0
"""A board has no `rev`: a hint only says that it is another one."""


@dataclass(frozen=True)
class HintedBoards:
    """The same boards. The channel is there before the first board that tells its readers of it."""

    boards: Boards
    channels: BoardChannels
    hints: Hints

    def read(self, tenant: str) -> Stored[Board] | None:
        return self.boards.read(tenant)

    def write(self, tenant: str, board: Board, replacing: str | None) -> None:
        channel = self.channels.ensure(tenant)
        self.boards.write(tenant, board, replacing)
        if channel is not None:
            self.hints.send(channel, CHANGED)

    def overwrite(self, tenant: str, board: Board) -> None:
        self.boards.overwrite(tenant, board)
