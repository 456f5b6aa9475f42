"""Conversations as objects in the jobs bucket.

tenants/main/conversations/list.json                  the list of those to be read
tenants/main/conversations/9f86…/latest.json           the latest messages of one number
tenants/main/conversations/9f86…/00000101.json         messages 101 to 200
"""

from collections.abc import Iterator
from typing import Any

from functions.aws.errors import retryable
from functions.aws.messages import MESSAGE
from functions.aws.s3_stores import S3Objects, to_bytes
from functions.protocol.ports import Stored
from statemachine.messages.conversation import Conversation, ConversationList, ConversationPage

LATEST = "/latest.json"


def folder_of(tenant: str) -> str:
    return f"tenants/{tenant}/conversations/"


def list_key(tenant: str) -> str:
    return f"{folder_of(tenant)}list.json"


class S3Conversations:
    def __init__(self, s3: Any, bucket: str) -> None:
        self.objects = S3Objects(s3, bucket)

    def read(self, tenant: str, digest: str) -> Stored[Conversation] | None:
        return self.objects.load(_latest_key(tenant, digest), Conversation)

    def digests(self, tenant: str) -> Iterator[str]:
        """Of all numbers with a conversation."""
        for key in self.objects.keys(folder_of(tenant)):
            if key.endswith(LATEST):
                yield key.removesuffix(LATEST)

    def write(self, conversation: Conversation, replacing: str | None) -> None:
        key = _latest_key(conversation.tenant, conversation.digest)
        self.objects.store(key, to_bytes(conversation), replacing, Tagging=MESSAGE)

    def read_page(self, tenant: str, digest: str, first: int) -> ConversationPage | None:
        stored = self.objects.load(_page_key(tenant, digest, first), ConversationPage)
        return stored.value if stored else None

    def write_page(self, tenant: str, digest: str, page: ConversationPage) -> None:
        key = _page_key(tenant, digest, page.messages[0].seq)
        with retryable():
            self.objects.put(key, to_bytes(page), Tagging=MESSAGE)

    def read_list(self, tenant: str) -> Stored[ConversationList] | None:
        return self.objects.load(list_key(tenant), ConversationList)

    def write_list(self, tenant: str, listed: ConversationList, replacing: str | None) -> None:
        self.objects.store(list_key(tenant), to_bytes(listed), replacing, Tagging=MESSAGE)


def _latest_key(tenant: str, digest: str) -> str:
    return f"{folder_of(tenant)}{digest}{LATEST}"


def _page_key(tenant: str, digest: str, first: int) -> str:
    return f"{folder_of(tenant)}{digest}/{first:08d}.json"
