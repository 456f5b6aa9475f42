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
