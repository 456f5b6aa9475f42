// The drawer, the day view, and the new-job dialog with their styles; loaded once the board is shown.

import { el } from "/shared/ui/elements.js";
import { zoneText } from "/shared/ui/business_time.js";
import { BusinessBar } from "./business_bar.js";
import { DayPage } from "./day_page.js";
import { Drawer } from "./drawer.js";
import { NewJobDialog } from "./new_job.js";

const STYLES = ["/dispatch/drawer.css", "/dispatch/day.css", "/dispatch/print.css"];

/** {drawer, day, business, newJob(), clockOf(zone)}, once their styles are loaded. */
export async function makeDeferredViews({ session, moveMaker, notices, openJob, goTo, redraw, onClosed }) {
  await Promise.all(STYLES.map(stylesheet));
  return {
    drawer: new Drawer({ session, moveMaker, notices, onClosed }),
    business: new BusinessBar({ redraw }),
    clockOf: zoneText,
    day: new DayPage({ session, openJob, goTo, redraw }),
    newJob: () => {
      const { flows, defaultFlow, zone } = session;
      const now_ms = () => session.now_ms;
      return new NewJobDialog({ flows, defaultFlow, zone, now_ms, service: session }).open();
    },
  };
}

/** If a stylesheet cannot be loaded, its link is removed, so that it can be tried again. */
function stylesheet(href) {
  return new Promise((done, fail) => {
    const onerror = () => {
      link.remove();
      fail(new Error(`${href} could not be loaded`));
    };
    const link = el("link", { rel: "stylesheet", href, onload: done, onerror });
    document.head.append(link);
  });
}
