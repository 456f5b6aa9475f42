// The desk of this page, with what the browser gives it: clock, timers, a channel to other tabs.

import { Api } from "/lib/api.js";
import { Desk } from "/lib/desk.js";
import { Dispatching } from "/lib/dispatching.js";

const CHANNEL = "haulway.dispatch";

export function makeDesk(onChange) {
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(CHANNEL) : null;
  return new Desk({
    service: new Dispatching(new Api()),
    clock: () => Date.now(),
    setTimer: (act, ms) => setTimeout(act, ms),
    clearTimer: (timer) => clearTimeout(timer),
    onChange,
    channel,
  });
}
