/*
 * The last places of a slot: of all customers who book at once as many have a place as there are; a
 * reschedule takes the new place before it gives back the old one; what a process that died had reserved
 * is free again after a while. A reservation names the version from which the job itself counts:
 * statemachine/schedule/reservations.py.
 */

#ifndef FAULTS
#define FAULTS 1
#endif
#define CUSTOMERS 3
#define SLOTS 2
#define PLACES 1            /* in slot 0; slot 1 has room for all */
#define NO_SLOT 9

/* The sheet of a slot: who has reserved it, each with the version that the job gets by it. */
typedef Sheet { byte version; byte reserved[CUSTOMERS] }   /* 0: not, else the job's version */

Sheet sheet[SLOTS];
byte slot_of[CUSTOMERS];    /* the truth: the slot of each job; NO_SLOT: none, or not booked */
byte version_of[CUSTOMERS]; /* of each job; 0: not booked */
bool alive[CUSTOMERS];      /* its request is still being handled: no one works longer than the time limit */
byte faults = FAULTS;

/* Whether the reservation of a customer counts: by the job, once the job has that version. */
#define counts(slot, who) (sheet[slot].reserved[who] != 0 && \
  (version_of[who] >= sheet[slot].reserved[who] -> slot_of[who] == slot : stands(who)))
#ifdef MISTAKE_ABANDONED_FOR_EVER
#define stands(who) true
#else
#define stands(who) alive[who]
#endif
#define taken(slot) ((counts(slot, 0) -> 1 : 0) + (counts(slot, 1) -> 1 : 0) + (counts(slot, 2) -> 1 : 0))
#define others(slot, me) (taken(slot) - (counts(slot, me) -> 1 : 0))
#define held(slot) ((slot_of[0] == slot -> 1 : 0) + (slot_of[1] == slot -> 1 : 0) + (slot_of[2] == slot -> 1 : 0))

/* Take a place in `slot` and then write the job, or learn that it is full. `result`: 1 has it, 0 full. */
inline take(me, slot, result) {
  do
  :: atomic { seen = sheet[slot].version; room = (slot == 1 || others(slot, me) < PLACES) };
     if
     :: !room -> result = 0; break
     :: else
     fi;
     atomic {
       if
#ifdef MISTAKE_COUNTED_BEFORE_READ
       :: true -> sheet[slot].version++; sheet[slot].reserved[me] = version_of[me] + 1; result = 1; break
#else
       :: sheet[slot].version == seen ->
          sheet[slot].version++; sheet[slot].reserved[me] = version_of[me] + 1;
          if
          :: result = 1; break
          :: faults > 0 -> faults--                           /* the answer is lost: look again */
          fi
       :: sheet[slot].version != seen
#endif
       fi
     }
  od
}

proctype Customer(byte me) {
  byte seen, result;
  bool room;
again:
  alive[me] = true;
  take(me, 0, result);
  if
  :: result == 0 -> goto done
  :: result == 1
  fi;
  if
  :: atomic { slot_of[me] = 0; version_of[me]++ }
  :: atomic { faults > 0 -> faults--; alive[me] = false; goto done }   /* died before the job was written */
  fi;
  assert(held(0) <= PLACES);                                  /* never oversold */
  if
  :: true -> goto done
  :: true                                                     /* changes their mind */
  fi;
  /* Reschedule to slot 1. */
#ifdef MISTAKE_GIVEN_BACK_FIRST
  atomic { sheet[0].version++; sheet[0].reserved[me] = 0; slot_of[me] = NO_SLOT; version_of[me]++ };
  if
  :: atomic { faults > 0 -> faults--; alive[me] = false; goto done }
  :: true
  fi;
#endif
  take(me, 1, result);
  if
  :: result == 0 -> goto done
  :: result == 1
  fi;
  if
  :: atomic { slot_of[me] = 1; version_of[me]++ }
  :: atomic { faults > 0 -> faults--; alive[me] = false; goto done }
  fi;
done:
  alive[me] = false
}

init {
  atomic {
    slot_of[0] = NO_SLOT; slot_of[1] = NO_SLOT; slot_of[2] = NO_SLOT;
    run Customer(0); run Customer(1); run Customer(2)
  };
  timeout -> assert(held(0) <= PLACES);
  /* Who had a place has one: it has the old one until it has the new one. */
  assert((version_of[0] == 0 || slot_of[0] != NO_SLOT) && (version_of[1] == 0 || slot_of[1] != NO_SLOT) && (version_of[2] == 0 || slot_of[2] != NO_SLOT));
  assert(taken(0) == held(0) && taken(1) == held(1))          /* counters equal what the jobs say */
}
