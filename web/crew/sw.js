// The service worker of the crew page. It saves the page and its files on the phone, so that the
// page opens without signal. It does not save jobs: the page does, and removes them on sign-out.
//
// The saved page is always one whole build: the page is fetched, then every file it names, and only
// when all of them are there does the new build replace the old one. With signal, the newest page is
// used. Files with a hash in their name never change, so the saved copy comes first.

const CACHE = "haulway-crew";
const PAGE = "/crew/";
const TIMEOUT_MS = 4_000;
const NOT_PAGES = /^\/(api|t|uploads)\//;
const HASHED = /\.[0-9a-f]{12}\.(js|css)$/;
const NAMED = /<(?:link|script|img)\b[^>]*?\b(?:href|src)="(\/[^"]+)"/g;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(save());
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  if (event.data === "save") event.waitUntil(save().catch(() => {})); // no signal: the next visit tries again
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (NOT_PAGES.test(pathname)) return;
  if (request.mode === "navigate") event.respondWith(freshOrSaved(request, PAGE));
  else if (HASHED.test(pathname)) event.respondWith(savedOrFresh(request));
  else event.respondWith(freshOrSaved(request, pathname));
});

/** Saves the page as it is published now, with all its files, and deletes files it does not name. */
async function save() {
  const page = await fetched(PAGE);
  const names = [...(await page.clone().text()).matchAll(NAMED)].map(([, name]) => name);
  const saved = await caches.open(CACHE);
  await Promise.all(names.map((name) => saveFile(saved, name)));
  await saved.put(PAGE, page);
  for (const { url } of await saved.keys()) {
    const { pathname } = new URL(url);
    if (pathname !== PAGE && !names.includes(pathname)) await saved.delete(url);
  }
}

async function saveFile(saved, name) {
  if (HASHED.test(name) && (await saved.match(name))) return;
  await saved.put(name, await fetched(name));
}

async function fetched(name) {
  const response = await fetch(name, { cache: HASHED.test(name) ? "default" : "no-cache" });
  if (!response.ok) throw new Error(`${name} was answered ${response.status}`);
  return response;
}

async function savedOrFresh(request) {
  const saved = await caches.match(request.url);
  return saved ?? fetch(request);
}

/** From the network if it answers in time and without an error; otherwise the copy of `name`. */
async function freshOrSaved(request, name) {
  const saved = await caches.match(name);
  if (!saved) return fetch(request);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.status >= 500 ? saved : response;
  } catch {
    return saved;
  }
}
