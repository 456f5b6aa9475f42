"""The conversations beside an export: a file with one per line, with all its messages."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from cli.client.connection import Connection
from cli.output.output import UsageError
from functions.aws.conversations import S3Conversations
from functions.messages.conversations import change_list
from functions.messages.phone_numbers import digest_of
from functions.protocol.ports import Conflict, Corrupt
from statemachine.messages.conversation import PAGE, Conversation, ConversationList


def lines_of(file: Path) -> list[str]:
    """One JSON document each. A line separator of Unicode inside of one ends no line."""
    text = file.read_text(encoding="utf-8").removesuffix("\n")
    return text.split("\n") if text else []


@dataclass
class ConversationFile:
    """`FILE.conversations`. An import leaves conversations that are stored already as they are."""

    connection: Connection
    file: Path
    copied: int = field(default=0, init=False)
    existing: int = field(default=0, init=False)
    unreadable: list[str] = field(default_factory=list, init=False)

    @property
    def path(self) -> Path:
        return Path(f"{self.file}.conversations")

    def save(self, tenant: str) -> None:
        """Writes no file if there are none. Raises Unavailable."""
        for conversation in self._stored(tenant):
            with self.path.open("a", encoding="utf-8") as out:
                self.path.chmod(0o600)
                out.write(conversation.model_dump_json(exclude_none=True) + "\n")
            self.copied += 1

    def upload(self, tenant: str) -> None:
        """Raises UsageError before anything is stored; Unavailable."""
        for conversation in self._read(tenant):
            left = conversation
            while page := left.overflow:
                self.stored.write_page(tenant, left.digest, page)
                left = left.without_overflow()
            try:
                self.stored.write(left, None)
                self.copied += 1
            except Conflict:
                self.existing += 1
                continue
            change_list(self.stored, tenant, partial(ConversationList.after, conversation=left))

    @property
    def stored(self) -> S3Conversations:
        return S3Conversations(self.connection.client("s3"), self.connection.outputs["JobsBucket"])

    def _stored(self, tenant: str) -> Iterator[Conversation]:
        for digest in self.stored.digests(tenant):
            try:
                if found := self.stored.read(tenant, digest):
                    yield self._whole(found.value)
            except Corrupt:
                self.unreadable.append(digest)

    def _whole(self, latest: Conversation) -> Conversation:
        first = latest.messages[0].seq if latest.messages else 1
        pages = (
            self.stored.read_page(latest.tenant, latest.digest, begin)
            for begin in range(1, first, PAGE)
        )
        earlier = tuple(message for page in pages if page for message in page.messages)
        return latest.with_(messages=(*earlier, *latest.messages))

    def _read(self, tenant: str) -> list[Conversation]:
        """Under the number's digest in this business."""
        if not self.path.exists():
            return []
        try:
            lines = lines_of(self.path)
            found = [Conversation.model_validate_json(line) for line in lines]
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise UsageError(f"{self.path} cannot be read; nothing was imported") from error
        return [each.with_(tenant=tenant, digest=digest_of(tenant, each.phone)) for each in found]
