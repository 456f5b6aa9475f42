// What a page gives its PollingSession: the browser's clock, timers, channel, hints and events.

import { listenLate } from "/shared/reader/late_listener.js";

/** `channel`: the name of the channel that the page's tabs share. */
export function browserTiming(channel) {
  return {
    clock: () => Date.now(),
    setTimer: (act, ms) => setTimeout(act, ms),
    clearTimer: (timer) => clearTimeout(timer),
    listen: listenLate,
    channel: "BroadcastChannel" in globalThis ? new BroadcastChannel(channel) : null,
  };
}

/** Tells `session` whether the page is hidden or offline, now and whenever that changes. */
export function followBrowser(session) {
  document.addEventListener("visibilitychange", () =>
    session.signal(document.hidden ? "hidden" : "visible"),
  );
  window.addEventListener("online", () => session.signal("online"));
  window.addEventListener("offline", () => session.signal("offline"));
  if (document.hidden) session.signal("hidden");
  if (navigator.onLine === false) session.signal("offline");
}
