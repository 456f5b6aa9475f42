// What a customer's page knows of the business without a session: its name and the zone of its clock.

import { isZone } from "../ui/business_time.js";

const KEPT = "haulway.business.";

/** The business at that path of the API, as this device learned it last; null where it did not. */
export function keptBusiness(memory, path) {
  try {
    return businessIn(JSON.parse(memory.get(KEPT + path) ?? "null"));
  } catch {
    return null;
  }
}

/** The business as the API tells it, else as it was kept; null where neither is known. */
export async function readBusiness(api, memory, path, { tries } = {}) {
  try {
    const business = businessIn((await api.get(path, { tries })).body);
    if (business) memory.set(KEPT + path, JSON.stringify(business));
    return business ?? keptBusiness(memory, path);
  } catch {
    return keptBusiness(memory, path); // no answer: the page goes by what it knows
  }
}

function businessIn(document) {
  const { business, time_zone } = document ?? {};
  return isZone(time_zone) ? { business: String(business ?? ""), time_zone } : null;
}
