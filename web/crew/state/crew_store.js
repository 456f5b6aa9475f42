// What the crew page stores on the phone: actions that are not sent yet, with their photos, and the
// jobs as they were last read. It is in IndexedDB, so that it survives a closed browser.

const NAME = "haulway.crew";
const VERSION = 1;

/**
 * The store of this device. If the browser cannot store anything, one in memory for this visit:
 * `durable` tells which it is.
 *
 *     items()    the queued actions, oldest first        add(item)    its `seq`
 *     put(item)  replaces the item of its `seq`          remove(seq)
 *     get(key), set(key, value)                          wipe()       everything
 */
export async function deviceStore(factory = globalThis.indexedDB) {
  try {
    return new IndexedStore(await opened(factory));
  } catch {
    return new MemoryStore();
  }
}

class IndexedStore {
  durable = true;
  #database;

  constructor(database) {
    this.#database = database;
    database.onversionchange = () => database.close(); // another tab has a newer page
  }

  items() {
    return this.#do("queue", "readonly", (queue) => queue.getAll());
  }

  add(item) {
    return this.#do("queue", "readwrite", (queue) => queue.add(item), "strict");
  }

  async put(item) {
    await this.#do("queue", "readwrite", (queue) => queue.put(item));
  }

  async remove(seq) {
    await this.#do("queue", "readwrite", (queue) => queue.delete(seq));
  }

  async get(key) {
    return (await this.#do("kept", "readonly", (kept) => kept.get(key))) ?? null;
  }

  async set(key, value) {
    await this.#do("kept", "readwrite", (kept) => kept.put(value, key));
  }

  async wipe() {
    await this.#do("queue", "readwrite", (queue) => queue.clear());
    await this.#do("kept", "readwrite", (kept) => kept.clear());
  }

  /**
   * Resolves once the transaction is complete, because only then does it survive a closed browser.
   * A new action is written `strict`, to the disk. Its removal may get lost; then it is sent again.
   */
  #do(store, mode, act, durability = "default") {
    return new Promise((done, failed) => {
      const transaction = this.#database.transaction(store, mode, { durability });
      const request = act(transaction.objectStore(store));
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => failed(transaction.error ?? request.error);
    });
  }
}

function opened(factory) {
  return new Promise((done, failed) => {
    const request = factory.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("queue", { keyPath: "seq", autoIncrement: true });
      request.result.createObjectStore("kept");
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
    request.onblocked = () => failed(new Error("an older page holds the store"));
  });
}

/** The same in memory, for one visit and for tests. */
export class MemoryStore {
  durable = false;
  #queue = new Map();
  #kept = new Map();
  #last = 0;

  async items() {
    return [...this.#queue.values()].map((item) => ({ ...item }));
  }

  async add(item) {
    this.#last += 1;
    this.#queue.set(this.#last, { ...item, seq: this.#last });
    return this.#last;
  }

  async put(item) {
    this.#queue.set(item.seq, { ...item });
  }

  async remove(seq) {
    this.#queue.delete(seq);
  }

  async get(key) {
    return structuredClone(this.#kept.get(key) ?? null);
  }

  async set(key, value) {
    this.#kept.set(key, structuredClone(value));
  }

  async wipe() {
    this.#queue.clear();
    this.#kept.clear();
  }
}
