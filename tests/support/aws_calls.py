"""What AWS would refuse of a call: by botocore's own models, and by the documented limits.

`checked(client)`'s calls and those of `taking(service)` raise Refused where AWS would answer with a
validation error. The fakes make the adapters' calls to a client that takes everything else, so that
the whole simulated world is held to the limits; `check_all_clients` does it for real clients.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

import botocore.session
from botocore import xform_name
from botocore.client import BaseClient
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.validate import ParamValidator

Parameters = Mapping[str, Any]
KB = 1024
MB = 1024 * KB


class Refused(BaseException):
    """AWS would refuse this call. No handler may take it for an error that a retry cures."""

    rule = "AWS takes every call"


@dataclass(frozen=True)
class LimitOfAws:
    """`measured` gives the sizes, counts, or lengths in a call; each is at most `most`.

    `on_aws` is AWS's own limit where `most` is stricter on purpose.
    """

    service: str
    operations: tuple[str, ...]
    what: str
    most: int
    measured: Callable[[Parameters], Iterable[int]]
    on_aws: str = ""


def _size(value: Any) -> int:
    """In bytes, as UTF-8; of a body that is a stream nothing is known."""
    if isinstance(value, str):
        return len(value.encode())
    return len(value) if isinstance(value, bytes | bytearray) else 0


def _item_size(value: Any) -> int:
    """Of a DynamoDB item or one of its values: names and contents, with a byte or three of its own
    for each that is nested."""
    if isinstance(value, Mapping):
        return sum(_size(name) + 1 + _item_size(each) for name, each in value.items())
    if isinstance(value, list | tuple | set):
        return 3 + sum(1 + _item_size(each) for each in value)
    return _size(value) or 1


def _message_size(message: Parameters) -> int:
    attributes: Mapping[str, Parameters] = message.get("MessageAttributes", {})
    about = sum(_size(n) + sum(map(_size, each.values())) for n, each in attributes.items())
    return _size(message["MessageBody"]) + about


def _items(call: Parameters) -> list[Parameters]:
    """The items that a call of DynamoDB writes whole."""
    puts = [each["Put"]["Item"] for each in call.get("TransactItems", ()) if "Put" in each]
    batches = call.get("RequestItems", {}).values()
    puts += [
        each["PutRequest"]["Item"]
        for batch in batches
        if isinstance(batch, list)
        for each in batch
        if "PutRequest" in each
    ]
    return [*puts, *([call["Item"]] if "Item" in call else [])]


def _keys_and_items(call: Parameters) -> list[Parameters]:
    return [*_items(call), *([call["Key"]] if "Key" in call else [])]


def _key_of(action: Parameters) -> str:
    ((_, about),) = action.items()
    key = about.get("Key") or {name: about["Item"].get(name) for name in ("pk", "sk")}
    return repr((about["TableName"], sorted(key.items())))


def _expressions(call: Parameters) -> list[int]:
    actions = [about for each in call.get("TransactItems", ()) for about in each.values()]
    return [
        _size(text)
        for each in (call, *actions)
        for name, text in each.items()
        if name.endswith("Expression")
    ]


ALL_MESSAGES = ("SendMessage", "SendMessageBatch")
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "GetItem", "TransactWriteItems", "BatchWriteItem")
LIMITS = (
    LimitOfAws("s3", ("PutObject", "GetObject", "DeleteObject", "HeadObject"),
        "bytes of a key", 1024, lambda c: [_size(c["Key"])]),
    LimitOfAws("s3", ("PutObject",), "bytes of an object's own metadata", 2 * KB,
        lambda c: [sum(_size(k) + _size(v) for k, v in c.get("Metadata", {}).items())]),
    LimitOfAws("s3", ("PutObject",), "tags of an object", 10,
        lambda c: [len([t for t in c.get("Tagging", "").split("&") if t])]),
    LimitOfAws("s3", ("DeleteObjects",), "keys in a call", 1000,
        lambda c: [len(c["Delete"]["Objects"])]),
    LimitOfAws("sqs", ("SendMessage",), "bytes of a message", MB, lambda c: [_message_size(c)]),
    LimitOfAws("sqs", ("SendMessageBatch",), "bytes of all messages in a call", MB,
        lambda c: [sum(map(_message_size, c["Entries"]))]),
    LimitOfAws("sqs", ("SendMessageBatch", "DeleteMessageBatch"), "messages in a call", 10,
        lambda c: [len(c["Entries"])]),
    LimitOfAws("sqs", ("SendMessageBatch", "DeleteMessageBatch"), "messages of one id", 1,
        lambda c: [sum(a["Id"] == b["Id"] for a in c["Entries"]) for b in c["Entries"]]),
    LimitOfAws("sqs", ALL_MESSAGES, "seconds of delay", 900,
        lambda c: [each.get("DelaySeconds", 0) for each in (c, *c.get("Entries", ()))]),
    LimitOfAws("sqs", ("SendMessage",), "attributes of a message", 10,
        lambda c: [len(c.get("MessageAttributes", {}))]),
    LimitOfAws("sqs", ("ChangeMessageVisibility",), "seconds of invisibility", 43_200,
        lambda c: [c["VisibilityTimeout"]]),
    LimitOfAws("sqs", ("ReceiveMessage",), "messages received", 10,
        lambda c: [c.get("MaxNumberOfMessages", 1)]),
    LimitOfAws("events", ("PutEvents",), "bytes of all entries in a call", 256 * KB,
        lambda c: [sum(_size(each.get(name)) for each in c["Entries"]
                   for name in ("Source", "DetailType", "Detail"))
                   + 14 * sum("Time" in each for each in c["Entries"])],
        on_aws="less than 1 MB"),
    LimitOfAws("events", ("PutEvents",), "characters of a type", 128,
        lambda c: [len(each.get("DetailType", "")) for each in c["Entries"]]),
    LimitOfAws("stepfunctions", ("StartExecution",), "bytes of an input", 256 * KB,
        lambda c: [_size(c.get("input"))]),
    LimitOfAws("stepfunctions", ("SendTaskSuccess",), "bytes of an output", 256 * KB,
        lambda c: [_size(c["output"])]),
    LimitOfAws("dynamodb", WRITES, "bytes of an item", 400 * KB,
        lambda c: map(_item_size, _items(c))),
    LimitOfAws("dynamodb", WRITES, "bytes of a partition key", 2048,
        lambda c: [_item_size(each.get("pk", {}).get("S", "")) for each in _keys_and_items(c)]),
    LimitOfAws("dynamodb", WRITES, "bytes of a sort key", 1024,
        lambda c: [_item_size(each.get("sk", {}).get("S", "")) for each in _keys_and_items(c)]),
    LimitOfAws("dynamodb", (*WRITES, "Query"), "bytes of an expression", 4 * KB, _expressions),
    LimitOfAws("dynamodb", ("TransactWriteItems",), "bytes of a transaction", 4 * MB,
        lambda c: [sum(map(_item_size, _items(c)))]),
    LimitOfAws("dynamodb", ("TransactWriteItems",), "actions on one item in a transaction", 1,
        lambda c: [[_key_of(a) for a in c["TransactItems"]].count(_key_of(b))
                   for b in c["TransactItems"]]),
    LimitOfAws("dynamodb", ("BatchWriteItem",), "writes in a call", 25,
        lambda c: [sum(map(len, c["RequestItems"].values()))]),
    LimitOfAws("dynamodb", ("BatchGetItem",), "keys in a call", 100,
        lambda c: [sum(len(each["Keys"]) for each in c["RequestItems"].values())]),
    LimitOfAws("dynamodb", ("BatchGetItem",), "reads of one key", 1,
        lambda c: [each["Keys"].count(key) for each in c["RequestItems"].values()
                   for key in each["Keys"]]),
    LimitOfAws("cloudfront", ("CreateInvalidation",), "paths in progress", 3000,
        lambda c: [c["InvalidationBatch"]["Paths"]["Quantity"]]),
    LimitOfAws("cloudfront", ("CreateInvalidation",), "paths with a wildcard in progress", 15,
        lambda c: [sum("*" in path for path in c["InvalidationBatch"]["Paths"].get("Items", ()))]),
    LimitOfAws("lambda", ("Invoke",), "bytes of a payload, synchronously", 6 * MB,
        lambda c: [_size(c.get("Payload", b""))]),
    LimitOfAws("sns", ("Publish",), "bytes of a message, as a topic has it by default", 256 * KB,
        lambda c: [_size(c["Message"])]),
    LimitOfAws("ssm", ("PutParameter",), "bytes of a value", 4 * KB,
        lambda c: [_size(c["Value"])]),
)  # fmt: skip
"""As AWS documents them at present. Stricter on purpose is only PutEvents, which keeps the former
256 KB: an event is larger than its entry, and has to fit into a message of SQS."""

FORMS = (
    ("sqs", ALL_MESSAGES, "a body without characters that XML has not",
        re.compile(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+"),
        lambda c: [each["MessageBody"] for each in c.get("Entries", [c])]),
    ("stepfunctions", ("StartExecution",), "a name without spaces, brackets, and wildcards",
        re.compile(r'[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]+'), lambda c: [c["name"]]),
    ("cloudfront", ("CreateInvalidation",), "paths that begin with a slash, in ASCII",
        re.compile(r"/[!-~]*"), lambda c: c["InvalidationBatch"]["Paths"]["Items"]),
    ("dynamodb", WRITES, "keys that are not empty", re.compile(r"(?s).+"),
        lambda c: [k[n].get("S", "x") for k in _keys_and_items(c) for n in ("pk", "sk") if n in k]),
)  # fmt: skip
"""Service, operations, what is allowed, its pattern, and the texts in a call that have to match."""


def check_call(service: str, operation: str, parameters: Parameters) -> None:
    """Raise Refused for a call that AWS would not take."""
    model = _operation(service, operation)
    if model.input_shape is None:
        return
    problems = [*_against_model(model.input_shape, parameters)]
    if not problems:
        problems = [*_against_limits(service, operation, parameters)]
    if problems:
        raise Refused(f"{Refused.rule}: {service} {operation}: {'; '.join(problems)}")


def _against_limits(service: str, operation: str, parameters: Parameters) -> Iterable[str]:
    for limit in LIMITS:
        if limit.service == service and operation in limit.operations:
            most = max(limit.measured(parameters), default=0)
            if most > limit.most:
                yield f"{most:,} {limit.what}, at most {limit.most:,}"
    for of, operations, what, pattern, texts in FORMS:
        found = texts(parameters) if of == service and operation in operations else ()
        if wrong := [text for text in found if not pattern.fullmatch(text)]:
            yield f"{wrong[0]!r}: only {what}"


def _against_model(shape: Shape, parameters: Parameters) -> Iterable[str]:
    report = ParamValidator().validate(parameters, shape)
    if report.has_errors():
        return [report.generate_report()]
    return _beyond(shape, parameters, shape.name)


def _beyond(shape: Any, value: Any, path: str) -> Iterable[str]:
    """botocore itself looks only at types, at what is required, and at the least lengths."""
    known = shape.metadata
    match shape.type_name:
        case "structure":
            for name, each in value.items():
                yield from _beyond(shape.members[name], each, f"{path}.{name}")
        case "list":
            yield from _too_many(len(value), known, path)
            for each in value:
                yield from _beyond(shape.member, each, f"{path}[]")
        case "map":
            yield from _too_many(len(value), known, path)
            for name, each in value.items():
                yield from _beyond(shape.key, name, f"{path} key")
                yield from _beyond(shape.value, each, f"{path}.{name}")
        case "string":
            yield from _too_many(len(value), known, path)
            if known.get("enum") and value not in known["enum"]:
                yield f"{path}: {value!r} is none of {known['enum']}"
            pattern = _compiled(known.get("pattern", ""))
            if pattern and not pattern.search(value):
                yield f"{path}: {value!r} does not match {known['pattern']}"
        case "integer" | "long":
            yield from _too_many(value, known, path)


def _too_many(count: int, known: Mapping[str, Any], path: str) -> Iterable[str]:
    if count > known.get("max", count):
        yield f"{path}: {count:,}, at most {known['max']:,}"


@cache
def _compiled(pattern: str) -> "re.Pattern[str] | None":
    """Java's patterns are nearly Python's; what Python cannot read is not checked."""
    try:
        return re.compile(rf"\A(?:{pattern})\Z") if pattern else None
    except re.error:
        return None


@cache
def _models() -> botocore.session.Session:
    return botocore.session.get_session()


@cache
def _service(name: str) -> ServiceModel:
    return _models().get_service_model(name)


@cache
def _operation(service: str, operation: str) -> OperationModel:
    return _service(service).operation_model(operation)


class TakesAll:
    """A client whose calls are checked and then succeed, with an answer that says nothing."""

    def __init__(self, service: str) -> None:
        model = _service(service)
        self._service = service
        self._operations = {xform_name(each): each for each in model.operation_names}

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        operation = self._operations[method]

        def call(**parameters: Any) -> dict[str, Any]:
            check_call(self._service, operation, parameters)
            return {"FailedEntryCount": 0, "Responses": {}}

        return call


@cache
def taking(service: str) -> Any:
    return TakesAll(service)


def check_all_clients() -> AbstractContextManager[Any]:
    """Check the calls of every client in this process before they are made."""
    client_class: Any = BaseClient
    made = client_class._make_api_call

    def checked(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        check_call(client.meta.service_model.service_name, operation, parameters)
        return made(client, operation, parameters)

    return patch.object(client_class, "_make_api_call", checked)
