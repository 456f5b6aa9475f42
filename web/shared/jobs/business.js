// What the customer pages know about the business: its name and time zone.

import { isZone } from "../ui/business_time.js";

const KEPT = "haulway.business.";

/** The business at that API path as this device stored it; null if it did not. */
export function storedBusiness(memory, path) {
  try {
    return businessIn(JSON.parse(memory.get(KEPT + path) ?? "null"));
  } catch {
    return null;
  }
}

/** The business from the API, otherwise as stored; null if neither is known. */
export async function readBusiness(api, memory, path, { tries } = {}) {
  try {
    const business = businessIn((await api.get(path, { tries })).body);
    if (business) memory.set(KEPT + path, JSON.stringify(business));
    return business ?? storedBusiness(memory, path);
  } catch {
    return storedBusiness(memory, path); // no answer: the stored one is used
  }
}

function businessIn(document) {
  const { business, time_zone } = document ?? {};
  return isZone(time_zone) ? { business: String(business ?? ""), time_zone } : null;
}
