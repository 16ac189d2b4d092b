// {{ version }}
const STORE = "verify-offline-{{ version }}";
const FILES = {{ files | tojson }};
const PAGE = "/verify/offline/";
const PACK = "/api/v1/trust-pack";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll([PAGE, PACK, ...FILES])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const remove = (names) => Promise.all(names.filter((name) => name.startsWith("verify-offline-") && name !== STORE).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(remove).then(() => self.clients.claim()));
});

// The network first, so that keys are as new as can be; what was kept when there is none.
async function answer(request) {
  const store = await caches.open(STORE);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await store.put(request, fresh.clone());
    return fresh;
  } catch (failure) {
    const kept = await store.match(request, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw failure;
  }
}

self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET" && new URL(event.request.url).origin === location.origin) event.respondWith(answer(event.request));
});
