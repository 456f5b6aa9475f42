"""Play a run: some steps with faults, then rest; the same choices give the same run.

    python -m tests.simulation.play SEED [STEPS]

plays one seed and prints its trace; a failure is made smaller first.
"""

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from tests.simulation.choices import Choices, shrunk
from tests.simulation.invariants import Broken, Invariants
from tests.simulation.people import People
from tests.simulation.world import World, in_order
from tests.support.aws_calls import Refused

A_MINUTE = timedelta(minutes=1)
SPANS = (A_MINUTE / 3, timedelta(minutes=4), timedelta(minutes=16), timedelta(hours=5))
BETWEEN_TRIES = timedelta(seconds=3)
"""At rest: `MOST_TRIES` of them last longer than a reservation counts that was left undone."""
ROUNDS = 40
MOST_AT_REST = 20_000


@dataclass
class Outcome:
    """What became of a run."""

    choices: list[int]
    trace: list[str]
    steps: int = 0
    steps_at_rest: int = 0
    interleaved: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    broken: AssertionError | Refused | None = None

    @property
    def rule(self) -> str | None:
        if self.broken is None:
            return None
        return getattr(self.broken, "rule", str(self.broken).partition(":")[0])

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]


class Player:
    def __init__(self, choices: Choices) -> None:
        self.world = World(choices)
        self.people = People(self.world)
        self.invariants = Invariants(self.world, self.people)

    def play(self, steps: int) -> Outcome:
        world, before = self.world, 0
        broken: AssertionError | Refused | None = None
        try:
            while world.steps < steps and not world.choices.are_over:
                self._step()
                self.invariants.look()
            before = world.steps
            self._rest()
            self.invariants.at_rest()
        except (AssertionError, Refused) as error:
            broken = error
        finally:
            world.close()
        return Outcome(
            world.choices.made, world.trace, before or world.steps, world.steps - before,
            world.interleaved, world.injected, broken,
        )  # fmt: skip

    def _step(self) -> None:
        """One decision: who goes on. What brings work to its end comes first."""
        world, choices = self.world, self.world.choices
        world.steps += 1
        ready = [queue for queue in world.queues.values() if queue.visible(world.now)]
        going = world.machines.going(world.now)
        minute = world.now - world.last_round >= A_MINUTE
        weights = (
            6 if ready else 0,
            5 if going else 0,
            12 if world.tasks else 0,
            3,
            3,
            2 if minute else 0,
            1 if world.machines.open() else 0,
        )
        kinds = [number for number, weight in enumerate(weights) if weight]
        kind = kinds[choices.weighted([weights[number] for number in kinds])]
        match kind:
            case 0:
                world.deliver(choices.one_of(ready))
            case 1:
                world.go(choices.one_of(going))
            case 2:
                world.go_on(choices.one_of(world.tasks))
            case 3:
                self.people.act()
            case 4:
                self._time(bool(ready or going))
            case 5:
                world.watch()
            case _:
                world.disturb(choices.one_of(world.machines.open()))

    def _time(self, busy: bool) -> None:
        """While work is left, only moments pass, as they do where functions run at once."""
        world, choices = self.world, self.world.choices
        if world.tasks or busy:
            world.pass_time(timedelta(seconds=1 + choices.below(4)))
            return
        due = world.next_due()
        if due is not None and not choices.happens(20):
            world.pass_time(due - world.now)
        else:
            world.pass_time(choices.one_of(SPANS))

    def _rest(self) -> None:
        """No more faults: everything under way ends, and what was lost is repaired."""
        world = self.world
        world.resting = True
        world.note("the faults are over")
        self._quiet()
        for number in range(ROUNDS):
            world.pass_time(timedelta(minutes=2 if number < 1 else 14))
            before = world.steps, self._state()
            self._old_executions_end()
            world.watch(full=True)
            self._quiet()
            if number > 2 and before[1] == self._state():
                break
        else:
            raise Broken("the watchdog comes to rest", ROUNDS)
        for customer in world.customers:
            world.pass_time(timedelta(minutes=10))
            # A page stops at an ended job, although a dispatcher may bring it back.
            customer.reader.signal("retry", int(world.now.timestamp() * 1000))
            self.people.looks(customer)
        self._quiet()

    def _state(self) -> tuple[object, ...]:
        world = self.world
        jobs = {key: job.version for key, job in self.invariants.jobs.items()}
        return jobs, len(world.texts.sent), len(world.backend.bus.facts), len(world.machines.runs)

    def _old_executions_end(self) -> None:
        """One that was left behind when its job was brought back ends with its time limit."""
        world = self.world
        for run in world.machines.open():
            key = f"tenants/{run.who['tenant']}/jobs/{run.who['job_id']}.json"
            job = self.invariants.jobs.get(key)
            if job and run.place == "wait" and run.generation < job.execution.generation:
                world.machines.time_out(run)

    def _end_tasks(self) -> None:
        """In turns: a request is repeated while what another has begun is in its way, or until
        what someone left undone no longer counts."""
        world = self.world
        while world.tasks:
            for task in tuple(world.tasks):
                world.go_on(task)
            if world.tasks:
                world.pass_time(BETWEEN_TRIES)

    def _quiet(self) -> None:
        """Until nothing is under way, no message is left, and no execution can go on."""
        world = self.world
        for _ in range(MOST_AT_REST):
            self._end_tasks()
            self.invariants.look()
            ready = [queue for queue in world.queues.values() if queue.visible(world.now)]
            going = world.machines.going(world.now)
            phones = [p for p in self.people.phones if p.waiting and not p.sending]
            if ready:
                world.deliver(ready[0])
            elif going:
                world.go(going[0])
            elif phones:
                self.people.sends(phones[0])
            elif due := world.next_due():
                world.pass_time(due - world.now)
            else:
                return
        raise Broken("the world comes to rest", world.trace[-20:])


def play(choices: Choices, steps: int = 300) -> Outcome:
    with in_order():
        return Player(choices).play(steps)


def play_seed(seed: int, steps: int = 300) -> Outcome:
    return play(Choices(seed), steps)


def simplest(outcome: Outcome, steps: int, most: int = 300) -> Outcome:
    """A smaller run that breaks the same rule."""

    def again(choices: Sequence[int]) -> Outcome:
        return play(Choices(given=choices), steps)

    small = shrunk(outcome.choices, lambda given: again(given).rule == outcome.rule, most)
    return again(small)


def report(outcome: Outcome) -> str:
    return "\n".join([*outcome.trace, f"BROKEN {outcome.broken}", f"choices: {outcome.choices}"])


if __name__ == "__main__":
    length = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    played = play_seed(int(sys.argv[1]), length)
    print(report(simplest(played, length)) if played.broken else "\n".join(played.trace))
