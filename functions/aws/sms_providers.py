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
    """The ARN or id of the number or pool that sends; if empty, the service chooses."""
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
        names = {
            "OriginationIdentity": origination,
            "ConfigurationSetName": configuration_set,
        }
        self.settings = {name: value for name, value in names.items() if value}

    def send(self, phone: str, body: str, about: str) -> str:
        with _one_try():
            answer = self.sms.send_text_message(
                DestinationPhoneNumber=phone,
                MessageBody=body,
                MessageType="TRANSACTIONAL",
                Context={"about": about},
                **self.settings,
            )
        return str(answer.get("MessageId") or "unnamed")


class SnsSms:
    def __init__(self, sns: Any) -> None:
        self.sns = sns

    def send(self, phone: str, body: str, about: str) -> str:  # noqa: ARG002 - SNS cannot report it
        kind = {"DataType": "String", "StringValue": "Transactional"}
        with _one_try():
            answer = self.sns.publish(
                PhoneNumber=phone,
                Message=body,
                MessageAttributes={"AWS.SNS.SMS.SMSType": kind},
            )
        return str(answer.get("MessageId") or "unnamed")


class FileSms:
    """A dry run: texts are written to a file, one per line, and not sent."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, phone: str, body: str, about: str) -> str:
        message_id = uuid.uuid4().hex
        line = {"to": phone, "body": body, "about": about, "message_id": message_id}
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
