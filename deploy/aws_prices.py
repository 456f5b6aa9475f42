"""Unit prices of AWS in us-east-1, and the permanent free tier of an account."""

from collections.abc import Mapping

PRICES_USD = {
    "sfn_transition": 25e-6,  # $0.025 per 1,000 state transitions, Standard
    "event": 1e-6,  # $1.00 per million custom events
    "invocation": 0.2e-6,  # $0.20 per million Lambda requests
    "gb_second": 1.33334e-5,  # Lambda, arm64
    "put": 5e-6,  # $0.005 per 1,000 PUT or LIST
    "get": 0.4e-6,  # $0.0004 per 1,000 GET
    "sqs_request": 0.4e-6,  # $0.40 per million
    "invalidation_path": 0.005,
    "https_request": 1e-6,  # $0.0100 per 10,000
    "edge_function": 0.1e-6,  # $0.10 per million CloudFront Function calls
    "egress_gb": 0.085,
    "log_gb": 0.50,
    "metric": 0.30,
    "storage_gb_month": 0.023,
    "tag_month": 0.65e-6,  # $0.0065 per 10,000 tags of objects
    "alarm": 0.10,
    "secret": 0.40,
    "secret_call": 5e-6,  # $0.05 per 10,000
    "schedule": 1e-6,  # $1.00 per million calls by EventBridge Scheduler
    "push_operation": 1e-6,  # $1.00 per million of AppSync Events: publish, deliver, subscribe
    "push_minute": 0.08e-6,  # $0.08 per million minutes of connections
    "read_unit": 0.125e-6,  # $0.125 per million, DynamoDB on demand
    "write_unit": 0.625e-6,  # $0.625 per million
    "table_gb_month": 0.25,
    "trace": 5e-6,  # $5.00 per million traces that X-Ray records
    "sms_part": 0.012,  # assumed, with the carrier's fee
}
"""USD per unit, read 2026-11-21. Read 2026-11-25: aws.amazon.com/dynamodb/pricing/on-demand,
aws.amazon.com/eventbridge/pricing, aws.amazon.com/secrets-manager/pricing,
aws.amazon.com/xray/pricing."""
FREE: Mapping[str, int] = {
    "sfn_transition": 4000,
    "invocation": 1_000_000,
    "gb_second": 400_000,
    "sqs_request": 1_000_000,
    "invalidation_path": 1000,
    "https_request": 10_000_000,
    "edge_function": 2_000_000,
    "egress_gb": 1000,
    "table_gb_month": 25,
    "log_gb": 5,
    "metric": 10,
    "alarm": 10,
    "trace": 100_000,
    "schedule": 14_000_000,
}
"""Units per month and account. Three dashboards are free too; there is one."""
NOTHING_FREE: Mapping[str, int] = {}
