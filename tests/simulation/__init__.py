"""One simulated world: the real functions on fakes with AWS's semantics, and one virtual clock.

choices.py      what a seed decides; a run can be played again, and made smaller
baton.py        handlers on threads, of which one runs at a time
queues.py       SQS: delays, copies, losses, any order
machines.py     Step Functions, as `statemachine/asl.py` defines the executions
edge.py         CloudFront with lag, and the customers' readers behind it
people.py       what customers, dispatchers, crews, and partners do
world.py        all of it together, step by step, and then at rest
invariants.py   what has to be so, all along and at rest
mistakes.py     mistakes put into the code, each of which has to be found
soak.py         many long runs, with a report (`make soak`)
"""
