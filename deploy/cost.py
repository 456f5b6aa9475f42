"""What a month costs on AWS, by volume: unit prices of us-east-1, each with where it was read.

What AWS grants every account for ever is taken off (`FREE`), for one account with nothing else in
it, or nothing is (`NOTHING_FREE`), for one whose grants others have used up. What AWS grants new
accounts for twelve months is not taken off.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from functions.repair.job_selection import SLICE, SLICES
from functions.watch_jobs import DEAD_LETTERS_EVERY

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
    "read_unit": 0.125e-6,  # $0.125 per million, DynamoDB on demand
    "write_unit": 0.625e-6,  # $0.625 per million
    "trace": 5e-6,  # $5.00 per million traces that X-Ray records
    "sms_part": 0.012,  # assumed, with the carrier's fee
}
"""Read 2026-11-21; the model and its sources are those of the project's AWS facts, section 9.
X-Ray: aws.amazon.com/xray/pricing. Read 2026-11-25: aws.amazon.com/dynamodb/pricing/on-demand,
aws.amazon.com/eventbridge/pricing, aws.amazon.com/secrets-manager/pricing."""
FREE: Mapping[str, int] = {
    "sfn_transition": 4000,
    "invocation": 1_000_000,
    "gb_second": 400_000,
    "sqs_request": 1_000_000,
    "invalidation_path": 1000,
    "https_request": 10_000_000,
    "edge_function": 2_000_000,
    "egress_gb": 1000,
    "log_gb": 5,
    "metric": 10,
    "alarm": 10,
    "trace": 100_000,
    "schedule": 14_000_000,
}
"""A month and account, without end. Three dashboards are free too, and this has one."""
NOTHING_FREE: Mapping[str, int] = {}
MONTH_S = 2_592_000
POLLS, POLL_S = 5, 20
"""Lambda holds so many long polls open on a queue; one ends with a message, or after its time."""
FEEDS_OF_AN_EDIT = (2, 3, 4, 6)
"""Of `Use.queued`: edits, board, invalidations, webhooks."""
DAYS = 30


@dataclass(frozen=True)
class Use:
    """What one job causes on its way through `haul`, each step asked for on the bus.

    Tests hold the transitions to the state machine, puts and gets to what the functions do.
    """

    statuses: int = 4
    moves: int = 3
    sfn_transitions: int = 9
    """A transition is every state that is entered, Choice and Succeed among them."""
    events: int = 8
    invocations: int = 23
    """Booking, three moves; three waits, the end; four facts to board, texts, hooks, three of them
    to the edge."""
    gb_s: float = 0.5 * 0.15
    queued: tuple[int, ...] = (1, 3, 0, 4, 3, 4, 4)
    """Messages by queue: bookings, moves, edits; facts to board, edge, texts, hooks. Each is sent,
    received and removed: three requests of SQS."""
    puts: int = 20
    """Five for each status: index, the move, its view, its wait, the board."""
    gets: int = 38
    """Four of them ask each fact's business whether it has a new endpoint."""
    looks: int = 17
    """Of the watchdog, over four writes: three soon after each, and when its messages are due."""
    lists: int = 5
    """The messages of each status, of one in four twice."""
    requests: int = 20
    """Of pages and programs to the API, looks at the board included; assumed."""
    reads: int = 26
    """Units of DynamoDB: of the requests 16 come from signed-in people (assumed), each reads its
    account and, eventually consistent, whether the session has ended; and two for signing in."""
    writes: int = 2
    """Units: bookings and choices of customers are counted by their address; assumed."""
    views: int = 20
    view_gb: float = 4e-6
    pages: int = 44
    """Files of two visits to the tracking page, 43 KB each."""
    pages_gb: float = 86e-6
    log_gb: float = 1.5e-6
    """Of a call: what Lambda says of it, and two or three lines of ours."""
    stored_gb: float = 8e-6
    """Job, view and what is kept of its messages."""
    versions_gb: float = 20e-6
    """What they were before, for a month."""
    card_gb: float = 0.4e-6
    months_kept: int = 24
    days_open: float = 2
    photos: int = 0
    photo_gb: float = 250e-6
    """Cleaned, in one version; assumed. Each is put, read, removed and put, and looked at."""
    tags: int = 1
    """By which an ended job is erased."""
    sms_parts: int = 2
    texts: int = 2
    """Each with a tag, by which what is known of it is erased."""
    text_puts: int = 3
    """Claimed, marked, and what an answer to it would mean."""

    @property
    def messages(self) -> int:
        return sum(self.queued)

    def with_crew(self, times: int = 1) -> "Use":
        """Besides, a crew is put on the job, or changed, so many times: an edit, asked for on the
        bus. Two sheets are claimed, by a transaction, which counts twice."""
        return replace(
            self,
            events=self.events + 2 * times,
            invocations=self.invocations + 4 * times,
            queued=tuple(
                number + times * (queue in FEEDS_OF_AN_EDIT)
                for queue, number in enumerate(self.queued)
            ),
            puts=self.puts + 4 * times,
            gets=self.gets + 7 * times,
            looks=self.looks + math.ceil(4.25 * times),
            lists=self.lists + math.ceil(1.25 * times),
            reads=self.reads + 6 * times,
            writes=self.writes + 4 * times,
        )


@dataclass(frozen=True)
class Fixed:
    """What is there however few jobs there are. Tests hold alarms and queues to the template."""

    alarms: int = 31
    metrics: int = 5
    """Told all the time: Moves, EventToVisibleMs, InvalidationBudgetUsed, LongestOverdueMinutes,
    WatchRounds. The others are told, and paid for, in hours in which something is wrong."""
    secrets: int = 1
    listings: int = 2 * MONTH_S // 300
    """Of endpoints at most, by two containers that always have something to do."""
    secret_calls: int = 2 * MONTH_S // 300
    """Two containers that always have something to do, each asking every five minutes."""
    watch_rounds: int = MONTH_S // 60
    queues: int = 11
    """That a function is fed from."""
    dead_letters: int = 11
    """Queues of them, that a round asks now and then."""
    invalidation_paths: int = FREE["invalidation_path"]
    """`InvalidationPathsPerMonth`: past them views live for two seconds at the edge."""
    traced: bool = False
    """`Traces`: then all that is called at a business's pace is recorded, a message a trace."""


def receives(messages: float) -> float:
    """Requests in a month for a queue through which so many messages come, evenly."""
    a_poll = messages / MONTH_S / POLLS * POLL_S
    return messages / (1 - math.exp(-a_poll)) if messages else POLLS * MONTH_S / POLL_S


def looks_a_round(open_jobs: float) -> float:
    """How many jobs a round of the watchdog reads, beside those just moved (watch/round.py)."""
    return open_jobs / max(1, min(SLICES, math.ceil(open_jobs / SLICE)))


@dataclass(frozen=True)
class Bill:
    jobs: int
    items: Mapping[str, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        return sum(self.items.values())

    @property
    def without_sms(self) -> float:
        return self.total - self.items["SMS"]


def monthly(
    jobs: int,
    use: Use | None = None,
    fixed: Fixed | None = None,
    free: Mapping[str, int] = FREE,
) -> Bill:
    """The bill of a month with so many jobs of one business, in dollars."""
    use, fixed = use or Use(), fixed or Fixed()
    rounds, open_jobs = fixed.watch_rounds, jobs * use.days_open / DAYS
    invocations = jobs * (use.invocations + use.requests) + rounds
    paths = min(jobs * use.moves, fixed.invalidation_paths)
    puts = (
        jobs * (use.puts + use.lists)
        + fixed.listings
        + paths
        + rounds * (2 + math.ceil(open_jobs / 1000))
    )
    gets: float = jobs * (use.gets + 2 * use.looks + use.requests + use.views)
    gets += rounds * (1 + 2 * looks_a_round(open_jobs))
    queued = [*(jobs * number for number in use.queued), rounds]
    queued += [0] * (fixed.queues - len(queued))
    asked = sum(receives(number) + 2 * number for number in queued)
    asked += rounds // DEAD_LETTERS_EVERY * fixed.dead_letters
    seconds = jobs * use.invocations * use.gb_s + (jobs * use.requests + rounds) * 2 * use.gb_s
    traces = (jobs * (use.messages + use.requests + 1) + rounds) if fixed.traced else 0

    def paid(unit: str, number: float) -> float:
        return max(0.0, number - free.get(unit, 0)) * PRICES_USD[unit]

    items = {
        "Step Functions": paid("sfn_transition", jobs * use.sfn_transitions),
        "EventBridge": paid("event", jobs * use.events) + paid("schedule", rounds),
        "Lambda": paid("invocation", invocations) + paid("gb_second", seconds),
        "SQS": paid("sqs_request", asked),
        "S3 requests": paid("put", puts) + paid("get", gets),
        "S3 storage": paid("storage_gb_month", _stored(jobs, use))
        + paid("tag_month", jobs * use.tags * use.months_kept),
        "DynamoDB": paid("read_unit", jobs * use.reads) + paid("write_unit", jobs * use.writes),
        "CloudFront": paid("https_request", jobs * (use.views + use.pages + use.requests))
        + paid("edge_function", jobs * use.pages)
        + paid("egress_gb", jobs * (use.views * use.view_gb + use.pages_gb)),
        "Invalidations": paid("invalidation_path", paths),
        "Logs and metrics": paid("log_gb", invocations * use.log_gb)
        + paid("metric", fixed.metrics),
        "Alarms and secrets": paid("alarm", fixed.alarms)
        + paid("secret", fixed.secrets)
        + paid("secret_call", fixed.secret_calls),
        "Photos": jobs * use.photos * _photo(use),
        "Traces": paid("trace", traces),
        "SMS": jobs * (paid("sms_part", use.sms_parts) + paid("put", use.texts * use.text_puts))
        + paid("tag_month", jobs * use.texts * use.months_kept),
    }
    return Bill(jobs, items)


def _photo(use: Use) -> float:
    """One photo, for as long as its job is kept."""
    price = PRICES_USD
    asked = 2 * (price["put"] + price["invocation"] + 2 * use.gb_s * price["gb_second"])
    kept = use.photo_gb * use.months_kept * price["storage_gb_month"]
    return asked + price["get"] + kept


BOARD_DAYS = 1.5
"""A version of a large board is kept for a day, and until S3 comes round at midnight."""


def _stored(jobs: int, use: Use) -> float:
    """Gigabytes, once as many months have passed as things are kept."""
    board = jobs * (use.days_open + 2) / DAYS * use.card_gb
    boards = jobs * use.statuses / DAYS * BOARD_DAYS * board
    return jobs * (use.stored_gb * use.months_kept + use.versions_gb) + boards
