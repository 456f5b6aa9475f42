"""The conversations beside an export: all messages of each, stored again under another business."""

from pathlib import Path
from typing import Any

import pytest

from cli.data.conversation_file import ConversationFile
from cli.output.output import UsageError
from functions.aws.conversations import S3Conversations
from functions.messages.conversations import add_message
from functions.messages.phone_numbers import digest_of
from statemachine.messages.conversation import KEPT, PAGE, ConversationMessage
from tests.support.builders import NOON
from tests.support.moto_server import Moto

ADA = "+12065550123"
COUNT = KEPT + PAGE + 5


class MotoConnection:
    def __init__(self, moto: Moto) -> None:
        self.moto, self.outputs = moto, {"JobsBucket": moto.bucket()}

    def client(self, _: str) -> Any:
        return self.moto.s3


@pytest.fixture
def connection(moto: Moto) -> Any:
    return MotoConnection(moto)


def test_a_conversation_is_saved_whole_and_imported_once(connection: Any, tmp_path: Path) -> None:
    stored = S3Conversations(connection.client("s3"), connection.outputs["JobsBucket"])
    for number in range(1, COUNT + 1):
        said = ConversationMessage(
            message_id=f"in-{number}", at=NOON, sender="customer", text=f"{number}", to_read=True
        )
        add_message(stored, "main", ADA, said)
    saved = ConversationFile(connection, tmp_path / "jobs.jsonl")
    saved.save("main")
    assert saved.copied == 1
    assert saved.path.stat().st_mode & 0o777 == 0o600
    for copied, existing in ((1, 0), (0, 1)):
        imported = ConversationFile(connection, tmp_path / "jobs.jsonl")
        imported.upload("other")
        assert imported.copied == copied
        assert imported.existing == existing
    there = stored.read("other", digest_of("other", ADA))
    page = stored.read_page("other", digest_of("other", ADA), 1)
    listed = stored.read_list("other")
    assert there
    assert page
    assert listed
    texts = [each.text for each in (*page.messages, *there.value.messages)]
    assert texts == [f"{number}" for number in range(1, COUNT + 1)]
    assert [each.conversation for each in listed.value.conversations] == [there.value.digest]


def test_a_conversation_that_cannot_be_read_is_named_and_keeps_no_other_from_the_file(
    connection: Any, tmp_path: Path
) -> None:
    stored = S3Conversations(connection.client("s3"), connection.outputs["JobsBucket"])
    said = ConversationMessage(message_id="in-1", at=NOON, sender="customer", text="One\u2028two")
    add_message(stored, "main", ADA, said)
    broken = f"tenants/main/conversations/{'0' * 32}/latest.json"
    bucket = connection.outputs["JobsBucket"]
    connection.client("s3").put_object(Bucket=bucket, Key=broken, Body=b"{")
    saved = ConversationFile(connection, tmp_path / "jobs.jsonl")
    saved.save("main")
    assert saved.unreadable == ["0" * 32]
    imported = ConversationFile(connection, tmp_path / "jobs.jsonl")
    imported.upload("other")
    assert imported.copied == 1


def test_a_file_that_cannot_be_read_imports_nothing(connection: Any, tmp_path: Path) -> None:
    (tmp_path / "jobs.jsonl.conversations").write_text("{}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="nothing was imported"):
        ConversationFile(connection, tmp_path / "jobs.jsonl").upload("main")


def test_a_business_without_conversations_has_no_file(connection: Any, tmp_path: Path) -> None:
    none = ConversationFile(connection, tmp_path / "jobs.jsonl")
    none.save("main")
    none.upload("main")
    assert not none.path.exists()
