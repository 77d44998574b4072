// Service worker: keeps the check-in page without a person, and nothing else; sends what waits when a network is back.
(() => {
  "use strict";
  const PREFIX = "shouwang-shell-", SHELL = "/checkins/shell/", PATIENCE_MS = 8000;
  const OPENS = new Set(["/", "/checkins/"]); // addresses that show the kept page when there is no network

  // The page goes in last and the old one goes after it: a network lost in between leaves a whole page.
  async function make() {
    const response = await fetch(SHELL, { cache: "no-store", credentials: "same-origin", redirect: "error" });
    const mark = response.headers.get("X-Shell");
    if (!response.ok || !mark) return;
    const html = await response.clone().text();
    const files = new Set(Array.from(html.matchAll(/\s(?:href|src)="(\/static\/[^"#]+)/g), (found) => found[1]));
    const cache = await caches.open(PREFIX + mark);
    await cache.addAll([...files]);
    await cache.put(SHELL, response);
    for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== PREFIX + mark) await caches.delete(name);
  }

  let making = null; // installing and the page may ask at the same time
  function keep() {
    making ??= make().catch(() => undefined).finally(() => { making = null; });
    return making;
  }
  const isKept = async (mark) => (await caches.has(PREFIX + mark)) && Boolean(await (await caches.open(PREFIX + mark)).match(SHELL, { ignoreVary: true }));

  const kept = (request) => caches.match(request, { ignoreVary: true });

  async function page(request) {
    const late = new Promise((_, reject) => { setTimeout(reject, PATIENCE_MS, new Error("late")); });
    try {
      return await Promise.race([fetch(request), late]);
    } catch {
      return (await kept(SHELL)) || fetch(request);
    }
  }

  self.addEventListener("install", (event) => {
    self.skipWaiting();
    event.waitUntil(keep()); // without a session there is nothing to keep yet; a page asks again
  });
  self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
  self.addEventListener("message", (event) => {
    const mark = event.data?.shell;
    if (mark) event.waitUntil(isKept(mark).then((there) => there || keep()));
  });
  self.addEventListener("fetch", (event) => {
    const { request } = event, url = new URL(request.url);
    if (request.method !== "GET" || url.origin !== self.location.origin) return;
    if (request.mode === "navigate") {
      if (OPENS.has(url.pathname)) event.respondWith(page(request));
    } else if (url.pathname.startsWith("/static/")) {
      event.respondWith(kept(request).then((found) => found || fetch(request)));
    }
  });
  self.addEventListener("sync", (event) => {
    if (event.tag !== "checkins") return;
    const queue = self.ShouwangQueue;
    event.waitUntil((async () => {
      const owner = await queue.current();
      if (!owner) return;
      await queue.hurry(owner);
      const { retry } = await queue.flush(owner);
      if (retry) throw new Error("not yet sent"); // the browser tries again
    })());
  });
})();
