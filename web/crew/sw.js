// Keeps the crew's page on the phone, so that it opens without signal. Only the page and its files:
// jobs are kept by the page itself, where signing out takes them away.
//
// What is kept is always one whole build: the page is fetched, then every file it names, and only
// when all of them are there does it take the place of the one before. With signal the newest page
// is used; files with a hash in their name never change and come from here first.

const KEPT = "haulway-crew";
const PAGE = "/crew/";
const PATIENCE_MS = 4_000;
const NEVER_OURS = /^\/(api|t|uploads)\//;
const HASHED = /\.[0-9a-f]{12}\.(js|css)$/;
const NAMED = /<(?:link|script|img)\b[^>]*?\b(?:href|src)="(\/[^"]+)"/g;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  if (event.data === "keep") event.waitUntil(keep().catch(() => {})); // no signal: the next visit
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (NEVER_OURS.test(pathname)) return;
  if (request.mode === "navigate") event.respondWith(freshOrKept(request, PAGE));
  else if (HASHED.test(pathname)) event.respondWith(keptOrFresh(request));
  else event.respondWith(freshOrKept(request, pathname));
});

/** Keep the page as it is published now, with all its files; what is no longer named goes. */
async function keep() {
  const page = await fetched(PAGE);
  const names = [...(await page.clone().text()).matchAll(NAMED)].map(([, name]) => name);
  const kept = await caches.open(KEPT);
  await Promise.all(names.map((name) => keepFile(kept, name)));
  await kept.put(PAGE, page);
  for (const { url } of await kept.keys()) {
    const { pathname } = new URL(url);
    if (pathname !== PAGE && !names.includes(pathname)) await kept.delete(url);
  }
}

async function keepFile(kept, name) {
  if (HASHED.test(name) && (await kept.match(name))) return;
  await kept.put(name, await fetched(name));
}

async function fetched(name) {
  const response = await fetch(name, { cache: HASHED.test(name) ? "default" : "no-cache" });
  if (!response.ok) throw new Error(`${name} was answered ${response.status}`);
  return response;
}

async function keptOrFresh(request) {
  const kept = await caches.match(request.url);
  return kept ?? fetch(request);
}

/** From the network if it answers soon and well; otherwise what is kept under `name`. */
async function freshOrKept(request, name) {
  const kept = await caches.match(name);
  if (!kept) return fetch(request);
  try {
    const response = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return response.status >= 500 ? kept : response;
  } catch {
    return kept;
  }
}
