// A memory (get, set, remove) for tests; `all()` is what it holds.

export function memory() {
  const kept = new Map();
  return {
    get: (key) => kept.get(key) ?? null,
    set: (key, text) => void kept.set(key, text),
    remove: (key) => void kept.delete(key),
    all: () => Object.fromEntries(kept),
  };
}
