// The check-ins that wait on this phone, and their sending: once each, in order, oldest first. Used by pages and by the
// service worker, so nothing here touches a document. A person's entries are sent under that person's ticket only.
(() => {
  "use strict";
  const DATABASE = "shouwang-checkins", INTAKE = "/intake/checkins", CHANNEL = "shouwang-checkins";
  const LIVE_MS = 60_000; // sent so soon after it was said, the server's clock is the better one
  const TIMEOUT_MS = 20_000, LONGEST_WAIT_MS = 300_000, KEEP_SENT_MS = 24 * 3600_000;
  let opened = null;

  function open() {
    opened ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("people", { keyPath: "owner" });
        request.result.createObjectStore("entries", { keyPath: "key" });
        request.result.createObjectStore("meta", { keyPath: "name" });
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return opened;
  }

  // One transaction on one store; resolves once it is on disk.
  async function run(store, mode, work) {
    const database = await open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode, { durability: "strict" });
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }
  const get = (store, key) => run(store, "readonly", (rows) => rows.get(key));
  const put = (store, row) => run(store, "readwrite", (rows) => rows.put(row));
  const remove = (key) => run("entries", "readwrite", (rows) => rows.delete(key));

  // Keys begin with milliseconds, so the order of keys is the order of saying.
  async function entries(owner) {
    const all = await run("entries", "readonly", (rows) => rows.getAll());
    return all.filter((entry) => entry.owner === owner);
  }
  const waiting = async (owner) => (await entries(owner)).filter((entry) => entry.state === "waiting");

  const current = async () => (await get("meta", "current"))?.owner || "";
  const person = (owner) => get("people", owner);

  // A page that was just served brings a fresh ticket, and what the phone's clock is wrong by.
  async function remember(row, isCurrent) {
    await put("people", { ...row, until: 0, tries: 0, refused: false });
    if (isCurrent) await put("meta", { name: "current", owner: row.owner });
  }

  // A later entry never gets an earlier key, even where the phone's clock was set back in between.
  async function add(entry) {
    const keys = await run("entries", "readonly", (rows) => rows.getAllKeys());
    const last = keys.length ? Number.parseInt(keys[keys.length - 1].slice(0, 13), 16) : 0;
    const moment = Math.max(Date.now(), last + 1);
    const random = crypto.getRandomValues(new Uint8Array(12));
    const tail = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const row = { ...entry, key: `${moment.toString(16).padStart(13, "0")}-${tail}`, at: Date.now(), state: "waiting", tries: 0 };
    await put("entries", row);
    return row;
  }

  function bodyOf(entry, who) {
    const body = { key: entry.key, answers: entry.answers };
    if (entry.form) body.form = entry.form;
    if (entry.corrects) body.corrects = entry.corrects;
    if (entry.of) body.at = entry.of; // a correction is of the moment that it puts right
    else if (entry.tries > 0 || Date.now() - entry.at > LIVE_MS) body.at = new Date(entry.at + (who.skew || 0)).toISOString();
    return body;
  }

  async function post(entry, who) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(INTAKE, {
        method: "POST", body: JSON.stringify(bodyOf(entry, who)), signal: stop.signal,
        cache: "no-store", credentials: "same-origin", redirect: "error",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${who.ticket}` },
      });
      const json = (response.headers.get("Content-Type") || "").startsWith("application/json") ? await response.json() : null;
      return { status: response.status, json, after: Number(response.headers.get("Retry-After")) || 0 };
    } catch {
      return { status: 0, json: null, after: 0 }; // no network, a hotel's sign-in page, a server that hung up
    } finally {
      clearTimeout(timer);
    }
  }

  async function wait(who, seconds) {
    const tries = (who.tries || 0) + 1;
    const pause = seconds ? seconds * 1000 : Math.min(LONGEST_WAIT_MS, 2 ** Math.min(tries, 10) * 1000) * (0.5 + Math.random() / 2);
    await put("people", { ...who, tries, until: Date.now() + pause });
    return { retry: Math.ceil(pause) };
  }

  async function step(entry, who) {
    const { status, json, after } = await post(entry, who);
    if ((status === 200 || status === 201) && json?.receipt) {
      // The answers leave the phone with the receipt.
      const { key, owner, at, topic, corrects } = entry;
      await put("entries", { key, owner, at, topic, corrects, state: "sent", sent: Date.now(), receipt: json.receipt, severity: json.severity, advice: json.advice || null, later: json.later || null });
      await put("people", { ...who, tries: 0, until: 0 });
      return null;
    }
    if (!json || status === 429 || status >= 500) {
      await put("entries", { ...entry, tries: entry.tries + 1 });
      const found = await wait(who, after);
      return { ...found, missing: !json && (status === 404 || status === 405) };
    }
    if (status === 401) {
      await put("people", { ...who, refused: true });
      return { refused: true };
    }
    await put("entries", { ...entry, state: "refused", problem: { code: json.code, field: json.field, message: json.message } });
    return null;
  }

  // One sender at a time among all tabs and the worker. Resolves to {} or why it stopped: retry (ms), refused, missing.
  async function flush(owner) {
    const work = async () => {
      for (const entry of await waiting(owner)) {
        const who = await person(owner); // read anew: another tab may have brought a fresh ticket
        if (!who?.ticket || who.refused) return { refused: true };
        if (who.until > Date.now()) return { retry: who.until - Date.now() };
        const stopped = await step(entry, who);
        tell();
        if (stopped) return stopped;
      }
      return {};
    };
    return self.navigator.locks ? navigator.locks.request("shouwang-checkins-send", work) : work();
  }

  // A network that is back ends a pause that was made without one.
  async function hurry(owner) {
    const who = await person(owner);
    if (who && who.until) await put("people", { ...who, until: 0, tries: 0 });
  }

  // Receipts that were shown, or are a day old; a conflict stays until it is put away by hand.
  async function tidy(owner) {
    for (const entry of await entries(owner)) {
      if (entry.state === "sent" && (!entry.later?.differs || entry.corrects) && (entry.shown || Date.now() - entry.sent > KEEP_SENT_MS)) await remove(entry.key);
      else if (entry.state === "sent" && !entry.shown) await put("entries", { ...entry, shown: true });
    }
  }

  async function forget(owner) {
    for (const entry of await entries(owner)) await remove(entry.key);
    await run("people", "readwrite", (rows) => rows.delete(owner));
    if ((await current()) === owner) await run("meta", "readwrite", (rows) => rows.delete("current"));
  }

  const channel = "BroadcastChannel" in self ? new BroadcastChannel(CHANNEL) : null;
  const tell = () => channel?.postMessage("changed");

  self.ShouwangQueue = { CHANNEL, add, current, entries, flush, forget, hurry, open, person, remember, remove, tell, tidy, waiting };
})();
