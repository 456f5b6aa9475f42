/*
 * The reader behind an edge whose locations may serve old copies; it asks again by its own clock, sooner
 * if a hint has come. A hint is a number: lost, doubled, early, and false ones change only speed.
 *
 * tracking/reader.py, web/shared/reader/; functions/views/invalidate.py.
 */

#ifndef REVS
#define REVS 3
#endif
#ifndef FALSE_HINTS
#define FALSE_HINTS 1
#endif

byte view = 1;              /* rev of the stored view; it never goes back (merge.pml) */
byte cached[2];             /* rev of the copy in each of the edge's locations; 0: none */
bool stale[2];              /* there is an invalidation that the location has not applied yet */
byte shown;                 /* rev on the customer's screen; 0: nothing yet */
byte hint;                  /* the last hint that arrived */
bool news;                  /* a hint arrived since the last request */

active proctype Views() {
  do
  :: view < REVS ->
     atomic { view++; stale[0] = true; stale[1] = true };
     if
     :: atomic { hint = view; news = true }
     :: true                                                  /* the hint is lost */
     fi
  :: view == REVS -> break
  od
}

active proctype Liar() {
  byte lies;
  do
  :: atomic { lies < FALSE_HINTS -> lies++; hint = REVS + 5; news = true }
  :: break
  od
}

inline update(place) {
  atomic { cached[place] != view -> stale[place] = false; cached[place] = view }   /* invalidated, or too old */
}

active proctype Edge() {
end:
  do
  :: update(0)
  :: update(1)
  od
}

active proctype Reader() {
  byte got;
  do
  :: atomic {
       if                                                     /* whichever location answers */
       :: got = cached[0]
       :: got = cached[1]
       fi;
#ifdef HINTS_NAME_THE_COPY
       if
       :: news && hint > shown && hint <= view -> got = view  /* under a key of its own: no old copy */
       :: else
       fi;
#endif
       news = false
     };
     atomic {
#ifndef MISTAKE_OLDER_IS_SHOWN
       if
       :: got > shown -> shown = got
       :: else
       fi;
#else
       assert(got == 0 || got >= shown);                      /* what a customer sees never goes back */
       shown = got;
#endif
#ifdef MISTAKE_HINT_IS_BELIEVED
       if
       :: hint > shown -> shown = hint
       :: else
       fi;
#endif
       assert(shown <= view)                                  /* nothing is shown that is not true */
     };
     if
     :: shown == REVS -> break
#ifdef MISTAKE_WAITS_FOR_A_HINT
     :: shown < REVS && news
#else
     :: shown < REVS && (news || cached[0] != shown || cached[1] != shown)   /* or it would ask again for the same */
#endif
     fi
  od
}

active proctype Rest() {
  timeout -> assert(view == REVS && cached[0] == REVS && cached[1] == REVS && shown == REVS)
}
