// What a page stores between visits. If the browser refuses, it is stored in memory for this visit.

/** {get, set, remove} over a Storage that may be missing, full or forbidden. */
export function memoryOver(storageOf) {
  const refused = new Map();
  const attempt = (act) => {
    try {
      return { value: act(storageOf()) };
    } catch {
      return null; // private mode, storage full, or forbidden
    }
  };
  return {
    get: (key) => refused.get(key) ?? attempt((storage) => storage.getItem(key))?.value ?? null,
    set: (key, text) => {
      if (attempt((storage) => storage.setItem(key, text))) refused.delete(key);
      else refused.set(key, text);
    },
    remove: (key) => {
      refused.delete(key);
      attempt((storage) => storage.removeItem(key));
    },
  };
}

/** Stored on the device, for all tabs. */
export function deviceMemory() {
  return memoryOver(() => globalThis.localStorage);
}

/** Stored until the tab is closed. */
export function tabMemory() {
  return memoryOver(() => globalThis.sessionStorage);
}

/** The business that an address means that names none. */
export const MAIN = "main";

/** What is stored for one business: on a device that knows several they do not mix. */
export function memoryOf(business, memory) {
  const named = (key) => (business === MAIN ? key : `${key}@${business}`);
  return {
    get: (key) => memory.get(named(key)),
    set: (key, text) => memory.set(named(key), text),
    remove: (key) => memory.remove(named(key)),
  };
}

const SIGNS_IN_AT = "haulway.signs_in_at";

/** The business whose account signs in on this device: `?business=quick` names it once for all. */
export function signInBusiness(memory = deviceMemory(), search = globalThis.location?.search) {
  const named = new URLSearchParams(search ?? "").get("business");
  if (named) memory.set(SIGNS_IN_AT, named);
  return memory.get(SIGNS_IN_AT) ?? MAIN;
}
