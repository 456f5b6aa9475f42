/*
 * One text about each of two changes of a job: sent at most once, by copies of a message, by the queue's
 * later tries, and by the watchdog; and a text about the past is not begun once the next is on its way.
 *
 * functions/messages/sms_once.py and statemachine/job/deliveries.py. The provider has no idempotency key, so
 * an answer that got lost must not lead to another try.
 */

#ifndef FAULTS
#define FAULTS 2
#endif
#define CHANGES 2

mtype = { absent, held, claimed, sent, unknown, failed, dropped };

typedef Delivery {
  mtype state;
  byte version;
  byte claim;               /* who holds it, or held it */
  byte attempts
}

Delivery delivery[CHANGES];
byte changes = 1;           /* how many changes the job has: the last one is current */
byte texts[CHANGES];        /* what the customer's phone got */
bool alive[12];             /* senders that still run; a claim expires only after its sender is gone */
bool asked[CHANGES];        /* what YES to that text means is on record */
bool held_back;             /* both changes fell into quiet hours */
bool quiet;                 /* quiet hours: what is due is held */
byte faults = FAULTS;
byte senders;

#define over(state) (state == sent || state == unknown || state == failed || state == dropped)

proctype Send(byte change) {
  byte me, version, attempts;
  mtype state;
  bool stored, accepted;
  atomic { me = senders; senders++; alive[me] = true };
again:
  /* Read the delivery, decide, and write it if it is still the same. */
  atomic {
    version = delivery[change].version; state = delivery[change].state; attempts = delivery[change].attempts;
    if
    :: over(state) -> goto done
    :: state == claimed && alive[delivery[change].claim] && delivery[change].claim != me -> goto back   /* Busy */
    :: state == claimed && delivery[change].claim == me -> goto mine
    :: state == claimed && !alive[delivery[change].claim] && delivery[change].claim != me ->
#ifdef MISTAKE_EXPIRED_CLAIM_SENT_AGAIN
       state = claimed
#else
       state = unknown                                        /* expired: it may have gone out */
#endif
#ifndef MISTAKE_PAST_IS_SENT
    :: (state == absent || state == held) && changes > change + 1 -> state = dropped
    :: (state == absent || state == held) && changes == change + 1 && quiet -> state = held
    :: (state == absent || state == held) && changes == change + 1 && !quiet -> state = claimed
#else
    :: (state == absent || state == held) && quiet -> state = held
    :: (state == absent || state == held) && !quiet -> state = claimed
#endif
    fi
  };
#ifndef MISTAKE_QUESTION_AFTER_SEND
  atomic {
    if
    :: state == claimed -> asked[change] = true              /* before anyone can answer */
    :: else
    fi
  };
#endif
  atomic {
    stored = (delivery[change].version == version);
#ifdef MISTAKE_CLAIM_UNCONDITIONAL
    stored = true;
#endif
    if
    :: stored -> delivery[change].state = state; delivery[change].version++;
       if
       :: state == claimed -> delivery[change].claim = me
       :: else
       fi;
       if
       :: faults > 0 -> faults--; goto again                  /* the answer is lost */
       :: true
       fi
    :: else -> goto again
    fi
  };
  if
  :: state == held -> goto back
  :: state == claimed
  :: else -> goto done
  fi;
mine:
  if
  :: atomic { faults > 0 -> faults--; alive[me] = false; goto again_later }   /* died with the claim */
  :: true
  fi;
  if
  :: atomic { true -> texts[change]++; assert(texts[change] == 1);
#ifndef MISTAKE_QUESTION_AFTER_SEND
       assert(asked[change]);
#endif
       accepted = true }
  :: atomic { faults > 0 -> faults--; accepted = false }      /* certainly not accepted: throttled */
  :: atomic { faults > 0 -> faults--; texts[change]++; assert(texts[change] == 1); state = unknown; goto mark }
  :: atomic { faults > 0 -> faults--; state = unknown; goto mark }   /* no answer: no one knows */
  fi;
#ifdef MISTAKE_QUESTION_AFTER_SEND
  if
  :: atomic { faults > 0 -> faults--; alive[me] = false; goto again_later }
  :: asked[change] = true
  fi;
#endif
  if
  :: accepted -> state = sent
  :: else -> state = held
  fi;
  if
  :: atomic { faults > 0 -> faults--; alive[me] = false; goto again_later }   /* died with the answer */
  :: true
  fi;
mark:
  atomic {
    /* The outcome of our own claim, even if the claim has been marked as expired meanwhile. */
    if
    :: delivery[change].claim == me && (delivery[change].state == claimed || delivery[change].state == unknown) ->
       delivery[change].state = state; delivery[change].version++; delivery[change].attempts++
    :: else
    fi
  };
#ifdef MISTAKE_UNKNOWN_TRIED_AGAIN
  if
  :: state == unknown -> atomic { delivery[change].state = held; goto back }
  :: else
  fi;
#endif
  if
  :: state == held -> goto back
  :: else -> goto done
  fi;
back:                                                          /* the queue, or the watchdog, tries again */
again_later:
done:
  alive[me] = false
}

active proctype Job() {
  atomic { delivery[0].state = absent; delivery[1].state = absent; 
    if
    :: quiet = true; held_back = true
    :: true
    fi;
    run Send(0); run Send(0)
  };
  atomic { changes++; run Send(1) };
}

/* At rest the quiet hours end, and the watchdog finds what is due by its object, round by round. */
active proctype Rest() {
  byte round;
  timeout -> quiet = false; faults = 0;
  do
  :: round < 3 -> atomic { run Send(0); run Send(1) }; timeout -> round++
  :: round == 3 -> break
  od;
  assert(over(delivery[0].state) && over(delivery[1].state));
  assert(texts[0] <= 1 && texts[1] <= 1);
  assert(delivery[1].state != dropped);                       /* none is missing that is still true */
  assert(delivery[1].state != sent || texts[1] == 1);
  assert(!held_back || texts[0] == 0);                        /* the later change takes its place */
  assert(texts[0] == 0 || asked[0]);
  assert(texts[1] == 0 || asked[1])
}
