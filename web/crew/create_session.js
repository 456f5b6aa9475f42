// What the phone's browser gives the crew page: location, other tabs, and a page that opens offline.

import { Api } from "/shared/api/api.js";
import { CrewApi } from "/crew/state/crew_api.js";
import { browserTiming } from "/shared/api/browser_session.js";
import { CrewSession } from "/crew/state/crew_session.js";

const REPLAY_LOCK = "haulway.crew.replay";
const WORKER = "/crew/sw.js";
const LOCATION = { enableHighAccuracy: false, maximumAge: 60_000, timeout: 20_000 };

export function createCrewSession(store, onChange) {
  const { locks, geolocation } = navigator;
  return new CrewSession({
    store,
    onChange,
    service: new CrewApi(new Api()),
    ...browserTiming("haulway.crew"),
    alone: locks
      ? (act) => locks.request(REPLAY_LOCK, { ifAvailable: true }, (lock) => lock && act())
      : undefined,
    position: () =>
      new Promise((found, failed) =>
        geolocation.getCurrentPosition(
          ({ coords }) => found({ latitude: coords.latitude, longitude: coords.longitude }),
          failed,
          LOCATION,
        ),
      ),
  });
}

/** Saves the page on the phone, so that it opens without signal. */
export async function savePageOffline() {
  try {
    await navigator.serviceWorker.register(WORKER, { scope: "/crew/" });
    const { active } = await navigator.serviceWorker.ready;
    active.postMessage("save");
  } catch {
    // No signal, or no service workers: the page still works with signal.
  }
}
