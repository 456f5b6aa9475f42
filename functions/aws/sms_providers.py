"""SMS providers: AWS End User Messaging SMS, SNS (which the engine has), or a file.

Each sends one request through a client that does not retry. The error codes are from the API
models of pinpoint-sms-voice-v2 SendTextMessage and SNS Publish, read 2026-11-21.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError
from botocore.parsers import ResponseParserError

from functions.aws.container import FunctionSettings, one_attempt
from functions.aws.errors import NO_ANSWER, code_of, status_of
from functions.messages.sms_once import (
    OPTED_OUT,
    SmsNotAccepted,
    SmsOutcomeUnknown,
    SmsProvider,
    SmsRefused,
)

NEVER_REACHED = (ConnectTimeoutError, EndpointConnectionError)
THROTTLED = {
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "Throttled",
    "TooManyRequestsException",
    "KMSThrottling",
}
OPTED_OUT_CODES = {"DESTINATION_PHONE_NUMBER_OPTED_OUT", "OptedOut", "OptedOutException"}


class SmsSettings(FunctionSettings):
    sms_provider: Literal["aws", "sns", "file"]
    sms_origination: str = ""
    """The stage's number, or the ARN or id of the number or pool, from which businesses without a
    number of their own send; if empty, the service chooses."""
    sms_configuration_set: str = ""
    sms_file: str = "/tmp/haulway-texts.jsonl"  # noqa: S108 - the one folder a Lambda may write to


def sms_provider_of(settings: SmsSettings) -> SmsProvider:
    match settings.sms_provider:
        case "aws":
            return EndUserMessagingSms(
                one_attempt("pinpoint-sms-voice-v2"),
                settings.sms_origination,
                settings.sms_configuration_set,
            )
        case "sns":
            return SnsSms(one_attempt("sns"))
        case "file":
            return FileSms(Path(settings.sms_file))


class EndUserMessagingSms:
    def __init__(self, sms: Any, origination: str = "", configuration_set: str = "") -> None:
        self.sms = sms
        self.origination = origination
        self.configuration_set = configuration_set

    def send(self, phone: str, body: str, about: str, sender: str | None = None) -> str:
        names = {
            "OriginationIdentity": sender or self.origination,
            "ConfigurationSetName": self.configuration_set,
        }
        with _one_try():
            answer = self.sms.send_text_message(
                DestinationPhoneNumber=phone,
                MessageBody=body,
                MessageType="TRANSACTIONAL",
                Context={"about": about},
                **{name: value for name, value in names.items() if value},
            )
        return str(answer.get("MessageId") or "unnamed")


class SnsSms:
    def __init__(self, sns: Any) -> None:
        self.sns = sns

    def send(
        self,
        phone: str,
        body: str,
        about: str,  # noqa: ARG002 - SNS cannot report it
        sender: str | None = None,
    ) -> str:
        wanted = {"AWS.SNS.SMS.SMSType": "Transactional"}
        if sender:
            wanted["AWS.MM.SMS.OriginationNumber"] = sender
        with _one_try():
            answer = self.sns.publish(
                PhoneNumber=phone,
                Message=body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in wanted.items()
                },
            )
        return str(answer.get("MessageId") or "unnamed")


class FileSms:
    """A dry run: texts are written to a file, one per line, and not sent."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, phone: str, body: str, about: str, sender: str | None = None) -> str:
        message_id = uuid.uuid4().hex
        line = {"to": phone, "body": body, "about": about, "message_id": message_id}
        if sender:
            line["from"] = sender
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return message_id


@contextmanager
def _one_try() -> Iterator[None]:
    """Sorts errors into not accepted, refused, and unknown outcome."""
    try:
        yield
    except NEVER_REACHED as error:
        raise SmsNotAccepted(type(error).__name__) from error
    except (*NO_ANSWER, ResponseParserError) as error:
        raise SmsOutcomeUnknown(type(error).__name__) from error
    except ClientError as error:
        if code_of(error) in THROTTLED:
            raise SmsNotAccepted(code_of(error)) from error
        if status_of(error) >= 500:
            raise SmsOutcomeUnknown(code_of(error)) from error
        raise SmsRefused(_why(error)) from error


def _why(error: ClientError) -> str:
    """The service's reason in one word; its message may contain the number, so it is left out."""
    reason = str(error.response.get("Reason") or code_of(error) or "refused")
    return OPTED_OUT if reason in OPTED_OUT_CODES else reason[:80].lower()
