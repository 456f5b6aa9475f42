"""The messages between functions that one job causes, and what a held text reads and writes."""

LIFE_MESSAGES = {
    "CreateQueue": 1, "AdvanceQueue": 3, "EditQueue": 0,
    "BoardQueue": 4, "InvalidationQueue": 3, "SmsQueue": 4, "FanOutQueue": 4,
}  # fmt: skip
"""Messages by queue for one job: requests, then facts. Each is sent, received, and deleted: three
SQS requests."""
EDIT_MESSAGES = {
    "EditQueue": 1, "BoardQueue": 1, "InvalidationQueue": 1, "SmsQueue": 1, "FanOutQueue": 1,
}  # fmt: skip
"""Messages by queue for one edit that customers may have to be told of."""
HELD_PUTS, HELD_GETS = 3, 8
"""Of a reminder, beside what every text puts: held, its due time, and the next time to look."""
