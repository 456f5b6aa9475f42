// What the first view does without, with its styles: fetched as soon as the board stands.

import { el } from "/shared/ui/elements.js";
import { zoneText } from "/shared/ui/business_time.js";
import { BusinessBar } from "./business_bar.js";
import { DayPage } from "./day_page.js";
import { Drawer } from "./drawer.js";
import { NewJobDialog } from "./new_job.js";

const STYLES = ["/dispatch/drawer.css", "/dispatch/day.css", "/dispatch/print.css"];

/** {drawer, day, business, newJob(), clockOf(zone)}, once their styles are there. */
export async function dressed({ desk, moving, notices, openJob, goTo, redraw, onClosed }) {
  await Promise.all(STYLES.map(stylesheet));
  return {
    drawer: new Drawer({ desk, moving, notices, onClosed }),
    business: new BusinessBar({ redraw }),
    clockOf: zoneText,
    day: new DayPage({ desk, openJob, goTo, redraw }),
    newJob: () => {
      const { flows, fallback, zone } = desk;
      const now_ms = () => desk.now_ms;
      return new NewJobDialog({ flows, fallback, zone, now_ms, service: desk }).open();
    },
  };
}

/** Where a stylesheet does not come, its link goes again, so that it can be asked for once more. */
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
