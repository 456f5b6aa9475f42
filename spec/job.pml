/*
 * One job: its object, the moves of several senders, its executions, and the watchdog.
 *
 * Each AWS call is one atomic step; between two calls anything else may happen. `faults` is how many
 * calls may still go wrong: an answer is lost before or after its effect, a function dies, a queue gives
 * a message up, an execution is stopped. SCENARIO chooses the moves that are sent.
 *
 * Each `rule N` is one of docs/protocol.md. Each MISTAKE_… takes a safeguard out; spec/check.py expects
 * the checker to find every one of them.
 */

#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef ROUNDS
#define ROUNDS 0          /* rounds of the watchdog while everything else still runs */
#endif
#ifndef SCENARIO
#define SCENARIO 1
#endif

#define PENDING 0
#define READY 1
#define COMPLETED 2
#define CANCELLED 3
#define ended(status) ((status) >= COMPLETED)

/* The moves, which are their own event ids. */
#define CONFIRM 0
#define COMPLETE 1
#define CANCEL 2
#define REOPEN 3
#define bit(event) (1 << (event))

#define LEDGER 5          /* the booking and at most one entry for each move */
#define GENERATIONS 4
#define RETRIES 2         /* how often a state machine calls the function of a state again */
#define SUPERSEDED 9      /* a task output that is no ledger entry */
#define NONE 8

typedef Document {
  byte version;
  byte seq;
  byte to[LEDGER];        /* the status of each ledger entry; the last one is the job's */
  byte applied;           /* events, as bits: each is in at most one of these three */
  byte refused;
  byte early;
  byte generation;
  bool waits;             /* the task wait: whose token it is, and of which entry */
  byte wait_generation;
  byte wait_entry;
  byte wait_retry;
  byte wait_seq;
  byte settled            /* 1 + the last entry that was settled; 0: none */
}
typedef Run {             /* what Step Functions knows of an execution */
  bool started;
  bool runs;
  bool waiting;
  byte at;                /* the ledger entry of its state */
  byte entry;             /* how many states it has entered: with `retry` it makes the token */
  byte retry;
  byte output;            /* NONE, or what its token was sent */
  bool failed;            /* the function of the state failed */
  bool time_is_up
}

Document job;
bool exists;
Run run_of[GENERATIONS];
byte announced;           /* facts of ledger entries, as bits */
byte view;                /* 1 + the entry that the public view shows */
byte given_up;            /* events whose message went to the dead-letter queue */
byte faults = FAULTS;
byte movers;              /* messages of moves that are not done */
byte ended_badly;         /* executions that were stopped or gave up */

#define status(document) document.to[document.seq]
#define knows(document, event) ((document.applied | document.refused | document.early) & bit(event))

inline copy(from, into) {
  into.version = from.version; into.seq = from.seq;
  into.to[1] = from.to[1]; into.to[2] = from.to[2]; into.to[3] = from.to[3]; into.to[4] = from.to[4];
  into.applied = from.applied; into.refused = from.refused; into.early = from.early;
  into.generation = from.generation; into.waits = from.waits;
  into.wait_generation = from.wait_generation; into.wait_entry = from.wait_entry;
  into.wait_retry = from.wait_retry; into.wait_seq = from.wait_seq; into.settled = from.settled
}

/*
 * With TRACE, a file that tests/spec writes, only the stored documents of that trace may follow one
 * another: a recorded run of the real functions. Then the checker looks for a way to its end.
 */
#ifdef TRACE
#include "trace.pml"
#define assert(property) skip
byte position;
#define observed(mine) (position < LENGTH && mine.seq == trace_seq[position] && \
  mine.applied == trace_applied[position] && mine.refused == trace_refused[position] && \
  mine.early == trace_early[position] && mine.generation == trace_generation[position] && \
  mine.waits == trace_waits[position] && (!mine.waits || mine.wait_seq == trace_wait_seq[position]) && \
  mine.settled == trace_settled[position])
#define note_observed() position++
#else
#define observed(mine) true
#define note_observed() skip
#endif

/* The conditional write. `stored` is what the writer learns; a lost answer looks like a conflict. */
inline replace(mine, stored) {
  stored = false;
  if
  :: mine.version != job.version + 1 -> skip
#ifdef MISTAKE_UNCONDITIONAL_WRITE
  :: mine.version != job.version + 1 -> copy(mine, job); stored = true
#endif
  :: mine.version == job.version + 1 && observed(mine) ->
     check_write(mine); copy(mine, job); stored = true; note_observed()
  :: mine.version == job.version + 1 && observed(mine) && faults > 0 ->   /* done, and the answer is lost */
     faults--; check_write(mine); copy(mine, job); note_observed()
  :: mine.version == job.version + 1 && faults > 0 -> faults--   /* not done */
  fi
}

inline check_write(mine) {
  /* rule 1: the ledger only grows; what it has does not change */
  assert(mine.seq >= job.seq);
  assert(job.seq < 1 || mine.to[1] == job.to[1]);
  assert(job.seq < 2 || mine.to[2] == job.to[2]);
  assert(job.seq < 3 || mine.to[3] == job.to[3]);
  /* rule 2: a known event stays known, and is in one place only */
  assert((mine.applied & job.applied) == job.applied);
  assert((mine.refused & job.refused) == job.refused);
  assert((mine.applied & mine.refused) == 0 && (mine.applied & mine.early) == 0 && (mine.refused & mine.early) == 0);
  /* rule 8: no wait takes the place of a newer one */
  assert(!(mine.waits && job.waits) || mine.wait_generation >= job.wait_generation);
  assert(!(mine.waits && job.waits && mine.wait_generation == job.wait_generation) || mine.wait_entry >= job.wait_entry);
  assert(!(mine.waits && job.waits && mine.wait_generation == job.wait_generation && mine.wait_entry == job.wait_entry) ||
         mine.wait_retry >= job.wait_retry);
  assert(!mine.waits || mine.wait_generation == mine.generation);
  assert(mine.generation >= job.generation)
}

/* Where a move leads from a status; NONE: nowhere. */
#define target(event, at) \
  ((event) == CONFIRM && (at) == PENDING -> READY : \
  ((event) == COMPLETE && (at) == READY -> COMPLETED : \
  ((event) == CANCEL && (at) < COMPLETED -> CANCELLED : \
  ((event) == REOPEN && (at) == COMPLETED -> READY : NONE))))
/* Whether the job may still come to where the move begins. */
#define ahead(event, at) \
  (((event) == COMPLETE && (at) == PENDING) || ((event) == REOPEN && (at) < COMPLETED))

inline enter(mine, event) {
  assert(!(mine.applied & bit(event)));                     /* rule 2: at most once */
  if
  :: ended(status(mine)) -> mine.generation++; mine.waits = false    /* brought back */
  :: else
  fi;
  mine.to[mine.seq + 1] = target(event, status(mine));
  mine.seq++;
  mine.applied = mine.applied | bit(event);
  mine.early = mine.early & ~bit(event)
}

/* rule 4: early moves are judged again after every move. */
inline judge_early(mine, event) {
  if
  :: (mine.early & bit(event)) && target(event, status(mine)) != NONE -> enter(mine, event)
  :: (mine.early & bit(event)) && target(event, status(mine)) == NONE &&
     (ended(status(mine)) || !ahead(event, status(mine))) ->
     mine.early = mine.early & ~bit(event); mine.refused = mine.refused | bit(event)
  :: else
  fi
}

inline judge(mine, event) {
  mine.version++;
  if
  :: target(event, status(mine)) != NONE ->
     enter(mine, event);
#ifndef MISTAKE_EARLY_FORGOTTEN
     judge_early(mine, COMPLETE); judge_early(mine, REOPEN); judge_early(mine, COMPLETE)
#endif
  :: target(event, status(mine)) == NONE && !ended(status(mine)) && ahead(event, status(mine)) ->
     mine.early = mine.early | bit(event)
  :: else -> mine.refused = mine.refused | bit(event)
  fi
}

/* SendTaskSuccess: counts only if the execution still waits with that token. */
inline send_token(whose, state, attempt, answer) {
  assert(answer == SUPERSEDED || answer <= job.seq);         /* rule 6: never before the write */
  if
  :: run_of[whose].runs && run_of[whose].waiting && run_of[whose].output == NONE &&
     run_of[whose].entry == state && run_of[whose].retry == attempt ->
     run_of[whose].output = answer
  :: else
  fi
}

inline start(number) {
  assert(number < GENERATIONS);
  if
  :: !run_of[number].started ->
     run_of[number].started = true; run_of[number].runs = true; run_of[number].output = NONE;
     run Execution(number)
  :: else
  fi
}

/* resume_execution.py: after a write, or whenever someone finds that the execution is behind. */
inline resume(seen) {
  if
  :: seen.waits && seen.seq > seen.wait_seq ->
     send_token(seen.wait_generation, seen.wait_entry, seen.wait_retry, seen.wait_seq + 1)
  :: !seen.waits && seen.generation > 0 && !ended(status(seen)) -> start(seen.generation)
  :: else
  fi
}

proctype Create() {
  atomic { exists = true; view = 1 };
  if
  :: atomic { start(0) }
  :: atomic { faults > 0 -> faults-- }                       /* died before the execution began */
  fi
}

/* advance_job.py on one message of a move. */
proctype Move(byte event) {
  Document mine;
  bool stored, replaced;
  byte old_entry, old_retry, old_generation;
again:
  atomic {
    exists -> copy(job, mine); replaced = false;
    if
#ifndef MISTAKE_NO_IDEMPOTENCY
    :: knows(mine, event) -> goto follow
    :: else ->
#else
    :: true ->
#endif
      if
      :: mine.waits -> replaced = true; old_generation = mine.wait_generation; old_entry = mine.wait_entry; old_retry = mine.wait_retry
      :: else
      fi;
      judge(mine, event)
    fi
  };
#ifdef MISTAKE_TOKEN_BEFORE_WRITE
  atomic { resume(mine) };
#endif
  atomic {
    replace(mine, stored);
    if
    :: !stored -> goto again
    :: else
    fi
  };
follow:
  if
  :: atomic {
       resume(mine);
       if
       :: replaced && mine.generation > old_generation -> send_token(old_generation, old_entry, old_retry, SUPERSEDED)
       :: else
       fi
     }
  :: atomic { faults > 0 -> faults--; goto again }           /* died; the queue brings the message back */
  :: atomic { faults > 0 -> faults-- }                       /* died for good: the watchdog's turn */
  fi;
  movers--
}

/* settle.py: show the entry, then announce it. */
inline settle(mine, at) {
  atomic { copy(job, mine) };
  if
  :: mine.settled <= at ->
     atomic {
       if
#ifdef MISTAKE_VIEW_GOES_BACK
       :: true -> view = mine.seq + 1
#else
       :: view < mine.seq + 1 -> view = mine.seq + 1         /* rule 10: merged by the highest number */
#endif
       :: else
       fi
     };
     atomic {
       /* every entry that is not settled is announced, for the first time in the order of the ledger */
       assert((announced & (bit(mine.settled) - 1)) == bit(mine.settled) - 1);
       announced = announced | (bit(at + 1) - 1)
     }
  :: else
  fi
}

/* register_wait.py: settles the status and stores the token, or sends the execution on. */
proctype Register(byte generation; byte at; byte entry; byte retry) {
  Document mine;
  bool stored;
  settle(mine, at);
again:
  atomic {
    copy(job, mine);
    if
    :: generation < mine.generation -> send_token(generation, entry, retry, SUPERSEDED); goto done
    :: mine.waits && mine.wait_generation == generation && mine.wait_entry == entry && mine.wait_retry == retry -> goto stored_already
#ifndef MISTAKE_OLD_WAIT_WINS
    :: generation == mine.generation && mine.waits && (mine.wait_entry > entry || (mine.wait_entry == entry && mine.wait_retry > retry)) -> goto done
#endif
    :: else ->
       mine.version++; mine.waits = true; mine.wait_generation = generation; mine.wait_entry = entry;
       mine.wait_retry = retry; mine.wait_seq = at;
       if
       :: mine.settled < at + 1 -> mine.settled = at + 1
       :: else
       fi
    fi
  };
  atomic {
    replace(mine, stored);
    if
    :: !stored -> goto again
    :: else
    fi
  };
stored_already:
#ifndef MISTAKE_NO_LOOK_AFTER_WAIT
  if                                                          /* rule 7: the later of the two writers resumes */
  :: atomic { mine.seq > at -> send_token(generation, entry, retry, at + 1) }
  :: mine.seq <= at
  :: atomic { faults > 0 -> faults--; run_of[generation].failed = true }
  fi;
#endif
done:
  skip
}

/* The state machine of statemachine/asl.py. */
proctype Execution(byte generation) {
  Document mine;
  byte at, number;
  bool stored;
  if
  :: generation == 0 -> at = 0
  :: generation > 0 -> atomic {                               /* rule 9: from where the job stands */
       at = (job.settled > 0 -> job.settled - 1 : 0);
       number = at;
       do
       :: number < job.seq ->                                 /* an ended status would end this one too */
          if
          :: ended(job.to[number]) -> at = number + 1
          :: else
          fi;
          number++
       :: else -> break
       od;
       number = 0
     }
  fi;
enter_state:
  atomic {
    if
    :: !run_of[generation].runs -> goto stopped
    :: else
    fi;
    run_of[generation].at = at; run_of[generation].entry++; run_of[generation].retry = 0;
    run_of[generation].failed = false
  };
  if
  :: ended(job.to[at]) -> goto end_state
  :: else
  fi;
call:
  atomic {
    run_of[generation].output = NONE; run_of[generation].waiting = true;
    run Register(generation, at, run_of[generation].entry, run_of[generation].retry)
  };
end_waits:
  if
  :: atomic { run_of[generation].output != NONE ->
       run_of[generation].waiting = false; run_of[generation].time_is_up = false;
       if
       :: run_of[generation].output == SUPERSEDED -> run_of[generation].runs = false; goto stopped
       :: else -> assert(run_of[generation].output == at + 1); at = run_of[generation].output; goto enter_state
       fi }
  :: atomic { (run_of[generation].failed || faults > 0) && run_of[generation].output == NONE && run_of[generation].runs ->
       if
       :: run_of[generation].failed -> run_of[generation].failed = false
       :: else -> faults--                                    /* its answer was lost, and it still runs: a zombie */
       fi;
       run_of[generation].retry++;
       if
       :: run_of[generation].retry > RETRIES -> ended_badly++; run_of[generation].runs = false; goto stopped
       :: else -> goto call
       fi }
  :: atomic { run_of[generation].time_is_up && run_of[generation].output == NONE && run_of[generation].runs ->
       run_of[generation].time_is_up = false; run_of[generation].waiting = false; goto enter_state }
  :: atomic { faults > 0 && run_of[generation].output == NONE -> 
       faults--; ended_badly++; run_of[generation].runs = false }   /* someone stops it */
  :: atomic { !run_of[generation].runs -> skip }
  fi;
  goto stopped;
end_state:                                                    /* settle_job.py: nothing waits here */
  settle(mine, at);
again:
  atomic {
    copy(job, mine);
    if
    :: mine.settled > at -> goto ended_already
    :: else ->
       mine.version++; mine.settled = at + 1;
       if
       :: mine.seq == at -> mine.waits = false
       :: else
       fi
    fi
  };
  atomic {
    replace(mine, stored);
    if
    :: !stored -> goto again
    :: else
    fi
  };
ended_already:
  run_of[generation].runs = false;                            /* a job that was brought back has another */
stopped:
  skip
}

#define settled_for_good (ended(status(job)) && job.settled == job.seq + 1)

bool deadlines_passed;

/* Where nothing went wrong, the watchdog finds nothing to repair. */
#if FAULTS == 0 && !defined(TRACE)
#define repairs() assert(false)
#else
#define repairs() skip
#endif

/* One round of the watchdog: repair_job.py and repair_execution.py. */
proctype Watchdog() {
  Document mine;
  bool stored;
  byte generation;
  atomic { exists -> copy(job, mine); generation = mine.generation };
  if
  :: mine.early && deadlines_passed ->                        /* rule 4: refused at the deadline */
expire:
     atomic {
       copy(job, mine);
       mine.version++; mine.refused = mine.refused | mine.early; mine.early = 0
     };
     atomic {
       replace(mine, stored);
       if
       :: !stored && job.early -> goto expire
       :: else
       fi
     }
  :: else
  fi;
  if
  :: atomic { mine.waits && mine.seq > mine.wait_seq && run_of[generation].runs ->
       repairs();
       send_token(mine.wait_generation, mine.wait_entry, mine.wait_retry, mine.wait_seq + 1) }
  :: atomic { !mine.waits && !run_of[generation].started && mine.settled != mine.seq + 1 -> repairs(); start(generation) }
  :: run_of[generation].started && !run_of[generation].runs && !(ended(status(mine)) && mine.settled == mine.seq + 1) ->
again:
     atomic {                                                 /* rule 9: a successor */
       repairs();
       copy(job, mine);
       if
       :: settled_for_good -> goto done
#ifndef MISTAKE_ANY_GENERATION_REPLACED
       :: mine.generation != generation -> goto done
#endif
       :: else ->
          mine.version++; mine.generation++; mine.waits = false;
          assert(mine.generation <= ended_badly + (job.applied & bit(REOPEN) -> 1 : 0))   /* one for one */
       fi
     };
     atomic {
       replace(mine, stored);
       if
       :: !stored -> goto again
       :: else
       fi
     };
     atomic { start(mine.generation) }
  :: else
  fi;
done:
  skip
}

#ifdef TRACE
#undef assert
proctype Accept() {
  position == LENGTH -> assert(false)                         /* an "error" here is the way that was looked for */
}
#else

/* At rest: when nothing more can happen by itself, the watchdog has its rounds, and then all is right. */
proctype Rest(byte sent) {
  byte round, number, going;
  timeout -> skip;
  faults = 0;
  do
  :: round < 4 ->
     deadlines_passed = true;
     number = 0;
     do
     :: atomic { number < GENERATIONS ->                      /* time limits of waits end */
          if
          :: run_of[number].runs && run_of[number].waiting && number < job.generation -> run_of[number].time_is_up = true
          :: else
          fi;
          number++ }
     :: number == GENERATIONS -> break
     od;
     timeout -> run Watchdog();
     timeout -> round++
  :: round == 4 -> break
  od;
  atomic {
    assert((job.applied | job.refused | given_up) == sent && job.early == 0);   /* rules 1, 2: nothing is lost */
#if SCENARIO == 1 || SCENARIO == 4
    assert(job.applied == sent);                              /* rule 4: a move that came too early was made later */
#endif
    assert(job.settled == job.seq + 1);                       /* the execution has followed */
    assert(announced == (1 << (job.seq + 1)) - 1);            /* each entry is announced */
    assert(view == job.seq + 1);                              /* and shown */
    number = 0; going = 0;
    do
    :: number < GENERATIONS ->
       if
       :: run_of[number].runs -> going++
       :: else
       fi;
       number++
    :: else -> break
    od;
    assert(going == (ended(status(job)) -> 0 : 1));
    assert(ended(status(job)) || (job.waits && job.wait_seq == job.seq && run_of[job.generation].runs &&
           run_of[job.generation].waiting && run_of[job.generation].entry == job.wait_entry &&
           run_of[job.generation].retry == job.wait_retry))
  }
}

#endif

init {
  byte rounds;
#ifdef TRACE
  record();
#endif
  atomic {
    run Create();
#if defined(TRACE)
    movers = 4;
    if
    :: EVENTS & bit(CONFIRM) -> run Move(CONFIRM)
    :: else
    fi;
    if
    :: EVENTS & bit(COMPLETE) -> run Move(COMPLETE)
    :: else
    fi;
    if
    :: EVENTS & bit(CANCEL) -> run Move(CANCEL)
    :: else
    fi;
    if
    :: EVENTS & bit(REOPEN) -> run Move(REOPEN)
    :: else
    fi;
    deadlines_passed = true;
    run Accept()
#elif SCENARIO == 1           /* one move and its copy, then the next, in any order */
    movers = 3; run Move(CONFIRM); run Move(CONFIRM); run Move(COMPLETE);
    run Rest(bit(CONFIRM) | bit(COMPLETE))
#elif SCENARIO == 2           /* two dispatchers: one goes on, one cancels */
    movers = 3; run Move(CONFIRM); run Move(CANCEL); run Move(COMPLETE);
    run Rest(bit(CONFIRM) | bit(CANCEL) | bit(COMPLETE))
#elif SCENARIO == 3           /* done, and brought back */
    movers = 3; run Move(CONFIRM); run Move(COMPLETE); run Move(REOPEN);
    run Rest(bit(CONFIRM) | bit(COMPLETE) | bit(REOPEN))
#elif SCENARIO == 4           /* one move: room for more faults, and for watchdogs that meet */
    movers = 1; run Move(CONFIRM);
    run Rest(bit(CONFIRM))
#endif
  };
  do
  :: rounds < ROUNDS -> run Watchdog(); rounds++
  :: rounds == ROUNDS -> break
  od
}
