"""Views whose readers are told of each new one, so that they need not wait for their next poll."""

from dataclasses import dataclass

from functions.protocol.ports import Hints, Stored, Views
from statemachine.values.ids import hint_channel
from statemachine.views.views import View


@dataclass(frozen=True)
class HintedViews:
    """The same views. The hint follows the write, so who heeds it finds the view."""

    views: Views
    hints: Hints

    def read(self, digest: str) -> Stored[View] | None:
        return self.views.read(digest)

    def write(self, digest: str, view: View, replacing: str | None) -> None:
        self.views.write(digest, view, replacing)
        self.hints.send(hint_channel(digest), view.rev)

    def remove(self, digest: str) -> None:
        self.views.remove(digest)
