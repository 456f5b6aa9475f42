// The day that a customer asked for at the booking, although it was full.

import { momentAt } from "../ui/business_time.js";
import { dateText } from "../ui/time.js";

/** `Requested: Thu, Dec 3, any time`; null once the job has a window, or if no day was asked for. */
export function preferredDayText({ preferred_day: day, schedule = {} }, zone) {
  if (!day || schedule.window_start || schedule.window_end) return null;
  return `Requested: ${dateText(momentAt(day, "12:00", zone), "en", zone)}, any time`;
}
