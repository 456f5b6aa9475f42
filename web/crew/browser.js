// What the phone's browser gives the crew's page: time, place, other tabs, a page without signal.

import { Api } from "/shared/api/api.js";
import { Crewing } from "/crew/state/crew_api.js";
import { Shift } from "/crew/state/crew_session.js";

const CHANNEL = "haulway.crew";
const REPLAY_LOCK = "haulway.crew.replay";
const WORKER = "/crew/sw.js";
const PLACE = { enableHighAccuracy: false, maximumAge: 60_000, timeout: 20_000 };

export function makeShift(store, changed) {
  const { locks, geolocation } = navigator;
  return new Shift({
    store,
    changed,
    crewing: new Crewing(new Api()),
    clock: () => Date.now(),
    setTimer: (act, ms) => setTimeout(act, ms),
    clearTimer: (timer) => clearTimeout(timer),
    channel: "BroadcastChannel" in globalThis ? new BroadcastChannel(CHANNEL) : null,
    alone: locks
      ? (act) => locks.request(REPLAY_LOCK, { ifAvailable: true }, (lock) => lock && act())
      : undefined,
    position: () =>
      new Promise((found, failed) =>
        geolocation.getCurrentPosition(
          ({ coords }) => found({ latitude: coords.latitude, longitude: coords.longitude }),
          failed,
          PLACE,
        ),
      ),
  });
}

/** Have the page kept for a visit without signal; where a browser cannot, it works with signal. */
export async function keepPage() {
  try {
    await navigator.serviceWorker.register(WORKER, { scope: "/crew/" });
    const { active } = await navigator.serviceWorker.ready;
    active.postMessage("keep");
  } catch {
    // no signal, or a browser without service workers
  }
}
