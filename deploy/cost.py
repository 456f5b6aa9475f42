"""The monthly AWS bill by volume: counts of what jobs cause × unit prices of us-east-1, without
the permanent free tier of an account (`FREE`), unless others use it (`NOTHING_FREE`)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from deploy.aws_prices import FREE, PRICES_USD
from deploy.message_cost import EDIT_MESSAGES, HELD_GETS, HELD_PUTS, LIFE_MESSAGES
from deploy.push_cost import push_units
from deploy.slot_cost import slot_reads, slot_writes
from deploy.text_cost import parts_of_a_job, parts_of_a_reminder, texts_of_a_job

MONTH_S, DAYS = 2_592_000, 30
POLLS, POLL_S = 5, 20
"""Lambda keeps this many long polls open per queue; each ends with a message or after its time."""
BOARD_VERSION_DAYS = 1.5
"""A version of a large board is kept for a day, and until S3 deletes it at midnight."""
SLICE, SLICES = 10, 360
"""The watchdog's share of jobs per round; tests compare it with functions/repair/."""


@dataclass(frozen=True)
class Use:
    """What one job of the flow `haul` causes, with each move requested on the bus.

    Tests compare the transitions with the state machine, and puts and gets with the functions.
    """

    statuses: int = 4
    moves: int = 3
    sfn_transitions: int = 7
    """States that are entered, including each Choice."""
    events: int = 8
    invocations: int = 23
    """Booking, three moves; three waits, the end; four facts each to board, texts, and webhooks,
    three of them to the edge."""
    gb_s: float = 0.5 * 0.15
    queued: Mapping[str, int] = field(default_factory=lambda: dict(LIFE_MESSAGES))
    puts: int = 20
    """Five per status: index, move, view, wait, board."""
    gets: int = 31
    """Four of them check, for each fact, whether the business has a new endpoint."""
    watchdog_reads: int = 17
    """Over four writes: three soon after each, and when its messages are due."""
    lists: int = 5
    """The messages of each status, of every fourth status twice."""
    link_puts: int = 1
    link_gets: int = 2
    """The watchdog notes when the job's tracking link ends, and then reads job and view."""
    requests: int = 20
    """API requests of pages and programs, including reads of the board; assumed."""
    board_reads: int = 10
    """Of the requests; a dispatcher's read of the board reads the list of conversations too."""
    reads: int = 26
    """DynamoDB units. 16 requests come from signed-in people (assumed): each reads the account and,
    eventually consistent, whether the session has ended. Two more for signing in."""
    index_reads: int = 34
    """DynamoDB units: each of four facts reads the entry, consistently; one search a job (assumed)
    reads two lists and 25 entries, eventually consistently."""
    index_writes: int = 80
    """DynamoDB units: the entry and its listings, in transactions, which count twice. 31 items at
    the booking; then for each move the entry, and the listing of its status twice."""
    index_gb: float = 6e-6
    """30 listings of 170 bytes and the entry, with DynamoDB's 100 bytes for each item."""
    writes: int = 2
    """DynamoDB units: customers' bookings and choices are counted by their address; assumed."""
    views: int = 60
    """Two visits at the reader's fast pace, and a slow hour; assumed."""
    view_gb: float = 4e-6
    pages: int = 6
    """Files of two visits to the tracking page, 24 KB each."""
    pages_gb: float = 48e-6
    log_gb: float = 1.5e-6
    """Per invocation: Lambda's own lines, and two or three of ours."""
    stored_gb: float = 8e-6
    """Job, view, and the record of its messages."""
    versions_gb: float = 20e-6
    """Their earlier versions, for a month."""
    card_gb: float = 0.4e-6
    months_kept: int = 24
    days_open: float = 2
    photos: int = 0
    photo_gb: float = 250e-6
    """Processed, one version; assumed. Each is put, read, deleted, put again, and viewed."""
    tags: int = 1
    """For the lifecycle rule that erases an ended job."""
    sms_parts: int = parts_of_a_job()
    texts: int = len(texts_of_a_job())
    """Each with a tag for the lifecycle rule that erases its record."""
    text_puts: int = 3
    """Reserved, marked as sent, what an answer means."""
    replies: float = 0.5
    """Texts of customers, and of the office to them; assumed."""
    reply_puts: int = 5
    """The conversation and the list of them, both again when it is read, and a record of it."""

    @property
    def messages(self) -> int:
        return sum(self.queued.values())

    def with_edits(self, times: int) -> "Use":
        """With so many edits on the bus that customers may have to be told of. What they were told
        is listed."""
        queued = {name: n + times * EDIT_MESSAGES.get(name, 0) for name, n in self.queued.items()}
        return replace(
            self,
            queued=queued,
            events=self.events + 2 * times,
            invocations=self.invocations + 5 * times,
            puts=self.puts + 4 * times,
            gets=self.gets + 6 * times,
            watchdog_reads=self.watchdog_reads + math.ceil(4.25 * times),
            lists=self.lists + math.ceil(2.25 * times),
            index_reads=self.index_reads + times,
            index_writes=self.index_writes + 2 * times,
        )

    def with_crew(self, times: int = 1) -> "Use":
        """With a crew assigned or changed so many times. It reserves two roster sheets in a
        transaction, which counts twice."""
        edited = self.with_edits(times)
        return replace(
            edited,
            index_writes=edited.index_writes + 4 * times,
            reads=self.reads + 6 * times,
            writes=self.writes + 4 * times,
        )

    def with_reminder(self) -> "Use":
        """With a reminder of the day before, which the customer answers: question and answer are
        edits. The held text is found by the watchdog and sent by a message."""
        asked = self.with_edits(2)
        return replace(
            asked,
            queued={**asked.queued, "SmsQueue": asked.queued["SmsQueue"] + 1},
            invocations=asked.invocations + 1,
            puts=asked.puts + HELD_PUTS,
            gets=asked.gets + HELD_GETS,
            texts=self.texts + 1,
            sms_parts=self.sms_parts + parts_of_a_reminder(),
        )


@dataclass(frozen=True)
class Fixed:
    """What a stage has regardless of the number of jobs. Tests compare it with the template."""

    alarms: int = 32
    metrics: int = 5
    """Always reported: Moves, EventToVisibleMs, InvalidationBudgetUsed, LongestOverdueMinutes,
    WatchRounds. Others are reported, and paid for, only in hours with a problem."""
    secrets: int = 2
    """The keys that sign sessions, and the edge's secret, which a container reads once."""
    listings: int = 2 * MONTH_S // 300
    """Of endpoints, at most: by two containers that are always busy."""
    secret_calls: int = 2 * MONTH_S // 300
    """Two containers that are always busy read it every five minutes."""
    watch_rounds: int = MONTH_S // 60
    queues: int = 11
    """Queues that feed a function."""
    dead_letter_queues: int = 11
    dead_letter_check_rounds: int = 5
    link_end_rounds: int = 10
    """The watchdog counts dead letters in every fifth round, and ends links in every tenth."""
    invalidation_paths: int = FREE["invalidation_path"]
    """`InvalidationPathsPerMonth`: beyond it, the edge caches views for two seconds."""
    traced: bool = False
    """`Traces`: then the functions that grow with the business are traced, one trace a message."""


def receives(messages: float) -> float:
    """SQS receive requests in a month for a queue with so many evenly distributed messages."""
    per_poll = messages / MONTH_S / POLLS * POLL_S
    return messages / (1 - math.exp(-per_poll)) if messages else POLLS * MONTH_S / POLL_S


def reads_per_round(open_jobs: float) -> float:
    """Jobs that a round of the watchdog reads, without those that have just changed."""
    return open_jobs / max(1, min(SLICES, math.ceil(open_jobs / SLICE)))


@dataclass(frozen=True)
class Bill:
    """USD per month by service."""

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
    """The bill of a month with so many jobs in one business."""
    items = {
        service: sum(
            max(0.0, count - (0 if service == "Photos" else free.get(unit, 0))) * PRICES_USD[unit]
            for unit, count in units.items()
        )
        for service, units in counts(jobs, use or Use(), fixed or Fixed()).items()
    }
    return Bill(jobs, items)


def counts(jobs: int, use: Use, fixed: Fixed) -> dict[str, dict[str, float]]:
    """Units per month, by service and by the names in `PRICES_USD`.

    A unit with a free tier appears once, except under Photos, which gets none of it.
    """
    rounds, open_jobs = fixed.watch_rounds, jobs * use.days_open / DAYS
    invocations = jobs * (use.invocations + use.requests) + rounds
    paths = min(jobs * use.moves, fixed.invalidation_paths)
    board_lists = rounds * (2 + math.ceil(open_jobs / 1000))
    round_gets = rounds * (1 + 2 * reads_per_round(open_jobs))
    photos = jobs * use.photos
    return {
        "Step Functions": {"sfn_transition": jobs * use.sfn_transitions},
        "EventBridge": {"event": jobs * use.events, "schedule": rounds},
        "Lambda": {
            "invocation": invocations,
            "gb_second": (jobs * (use.invocations + 2 * use.requests) + 2 * rounds) * use.gb_s,
        },
        "SQS": {"sqs_request": _sqs_requests(jobs, use, fixed)},
        "S3 requests": {
            "put": jobs * (use.puts + use.lists + use.link_puts)
            + fixed.listings
            + board_lists
            + rounds / fixed.link_end_rounds,
            "get": jobs * (use.gets + 2 * use.watchdog_reads + use.requests + use.board_reads)
            + jobs * (use.views + use.link_gets)
            + round_gets,
        },
        "S3 storage": {
            "storage_gb_month": _stored_gb(jobs, use),
            "tag_month": jobs * use.tags * use.months_kept,
        },
        "DynamoDB": {
            # Each change of a view reads how many paths were invalidated; each path is counted.
            "read_unit": jobs * (use.reads + use.moves) + slot_reads(jobs, rounds),
            "write_unit": jobs * use.writes + slot_writes(jobs) + paths,
        },
        "Index of all jobs": {
            "read_unit": jobs * use.index_reads + 2 * rounds,  # a round looks for erased jobs
            "write_unit": jobs * (use.index_writes + use.texts),  # a text is counted in the index
            "table_gb_month": jobs * use.index_gb * use.months_kept,
        },
        "CloudFront": {
            "https_request": jobs * (use.views + use.pages + use.requests),
            "edge_function": jobs * use.pages,
            "egress_gb": jobs * (use.views * use.view_gb + use.pages_gb),
        },
        "AppSync": push_units(jobs),
        "Invalidations": {"invalidation_path": paths},
        "Logs and metrics": {"log_gb": invocations * use.log_gb, "metric": fixed.metrics},
        "Alarms and secrets": {
            "alarm": fixed.alarms,
            "secret": fixed.secrets,
            "secret_call": fixed.secret_calls,
        },
        "Photos": {
            "put": photos * 2,
            "get": photos,
            "invocation": photos * 2,
            "gb_second": photos * 4 * use.gb_s,
            "storage_gb_month": photos * use.photo_gb * use.months_kept,
        },
        "Traces": {
            "trace": jobs * (use.messages + use.requests + 1) + rounds if fixed.traced else 0
        },
        "SMS": {
            "sms_part": jobs * use.sms_parts,
            "put": jobs * (use.texts * use.text_puts + use.replies * use.reply_puts),
            "tag_month": jobs * use.texts * use.months_kept,
        },
    }


def _sqs_requests(jobs: int, use: Use, fixed: Fixed) -> float:
    queued = [*(jobs * number for number in use.queued.values()), fixed.watch_rounds]
    queued += [0] * (fixed.queues - len(queued))
    checks = fixed.watch_rounds // fixed.dead_letter_check_rounds * fixed.dead_letter_queues
    return sum(receives(number) + 2 * number for number in queued) + checks


def _stored_gb(jobs: int, use: Use) -> float:
    """Once so many months have passed as jobs are kept."""
    board = jobs * (use.days_open + 2) / DAYS * use.card_gb
    boards = jobs * use.statuses / DAYS * BOARD_VERSION_DAYS * board
    return jobs * (use.stored_gb * use.months_kept + use.versions_gb) + boards
