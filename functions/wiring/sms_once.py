"""`SmsOnce` on AWS, for the texts about a status and for replies."""

import uuid
from typing import Any

from functions.aws.container import log, one_attempt
from functions.aws.messages import S3Deliveries
from functions.aws.metrics import LogMetrics
from functions.aws.sent_texts import DynamoSentTexts
from functions.aws.sms_providers import SmsSettings, sms_provider_of
from functions.messages.sms_once import SmsOnce


class TextingSettings(SmsSettings):
    job_index: str


def sms_once_of(settings: TextingSettings, s3: Any, bucket: str) -> SmsOnce:
    return SmsOnce(
        S3Deliveries(s3, bucket),
        sms_provider_of(settings),
        LogMetrics(),
        log,
        lambda: uuid.uuid4().hex,
        DynamoSentTexts(one_attempt("dynamodb"), settings.job_index),
    )
