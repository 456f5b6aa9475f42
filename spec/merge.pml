/*
 * A view, or a card: written by anyone who has read the job, in any order and more than once, and merged
 * by the highest `rev` (rule 10). functions/views/write_view.py, functions/views/board.py.
 */

#ifndef REVS
#define REVS 3
#endif

byte job = 1;               /* rev of the job's object */
byte view;                  /* rev of the stored view */
byte version;               /* its ETag */

proctype Write() {
  byte rev, seen, seen_version;
  rev = job;                                                  /* read the job; may be outdated by the time of the write */
again:
  atomic { seen = view; seen_version = version };
  if
#ifndef MISTAKE_NO_MERGE
  :: seen >= rev -> goto done                                 /* what is there is as new */
  :: else
#else
  :: true
#endif
  fi;
  atomic {
    if
#ifndef MISTAKE_WRITE_WITHOUT_CONDITION
    :: seen_version != version -> goto again
    :: else ->
#else
    :: true ->
#endif
      assert(rev >= view);                                    /* the stored view never goes back */
      view = rev; version++
    fi
  };
done:
  skip
}

active proctype Moves() {
  run Write();
  do
  :: job < REVS -> job++; run Write()
  :: job == REVS -> break
  od;
  run Write()                                                 /* a copy of the last message */
}

active proctype Rest() {
  timeout -> assert(view == REVS)
}
