"""What is stored between visits: the newest view ever shown, and where it is stored."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tracking.responses import ViewDocument, is_view, json_in, rev_of, whole_number


@dataclass(frozen=True)
class SavedView:
    """The newest view ever shown. No view with a lower `rev` is accepted after it."""

    view: ViewDocument
    etag: str | None = None
    checked_at_ms: int | None = None

    @property
    def rev(self) -> int:
        rev = rev_of(self.view)
        assert rev is not None, "only views are remembered"
        return rev

    def to_text(self) -> str:
        kept = {"view": self.view, "etag": self.etag, "checked_at_ms": self.checked_at_ms}
        return json.dumps(kept)


def saved_view_in(text: str | None) -> SavedView | None:
    """The view that `to_text` wrote; None for nothing, and for anything else."""
    kept = json_in(text or "")
    if not isinstance(kept, dict) or not is_view(kept.get("view")):
        return None
    etag = kept.get("etag")
    checked_at_ms = whole_number(kept.get("checked_at_ms"), 0)
    return SavedView(kept["view"], etag if isinstance(etag, str) else None, checked_at_ms)


def may_replace(new: SavedView, stored: SavedView | None) -> bool:
    """Whether `new` may replace `stored`: its `rev` never decreases."""
    return stored is None or new.rev >= stored.rev


def without_future_check(remembered: SavedView | None, now_ms: int) -> SavedView | None:
    """A check in the future (a clock was set back) says nothing about the view's age."""
    if remembered is None or (remembered.checked_at_ms or 0) <= now_ms:
        return remembered
    return SavedView(remembered.view, remembered.etag, None)


def later_check(new: SavedView, known: SavedView | None) -> SavedView:
    """`new`, with the later of both checks if both confirm the same `rev`."""
    if (
        known is None
        or known.rev != new.rev
        or (known.checked_at_ms or 0) <= (new.checked_at_ms or 0)
    ):
        return new
    return SavedView(new.view, new.etag, known.checked_at_ms)


class ViewStorage(Protocol):
    """Stores a text per digest; a `dict` is one too."""

    def get(self, digest: str, /) -> str | None: ...

    def __setitem__(self, digest: str, text: str, /) -> None: ...


class FileViewStorage:
    """One file per link in `folder`, which is created when needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str, /) -> str | None:
        try:
            return (self._folder / f"{digest}.json").read_text(encoding="utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            return None

    def __setitem__(self, digest: str, text: str, /) -> None:
        """Replaces the file atomically: another reader sees the old text or the new one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self._folder, suffix=".draft")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(draft, self._folder / f"{digest}.json")
        except BaseException:
            os.unlink(draft)
            raise
