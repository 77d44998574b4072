// The check-in page on a phone: its forms go through the queue, which sends at once or when a network is back.
(() => {
  "use strict";
  const queue = self.ShouwangQueue, phone = document.getElementById("checkin-phone");
  // Without a store, or without the hot path in front of this server, forms are posted as without script.
  if (!queue || !phone || !self.indexedDB || (phone.dataset.mode !== "shell" && !phone.dataset.intake)) return;
  const said = phone.dataset, mode = said.mode, outbox = document.getElementById("checkin-outbox");
  const word = (name) => said[`word${name[0].toUpperCase()}${name.slice(1)}`] || "";
  let owner = "", timer = 0, stopped = {};

  // --- Forms to answers -------------------------------------------------------------------------------------------
  const number = (text) => (text === "" || text === undefined ? null : Number(text));
  const KNOWN = { yes: true, no: false };

  function extraOf(form, data) {
    const extra = {};
    for (const [name, value] of data) {
      if (!name.startsWith("q_") || value.trim() === "") continue;
      const kind = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)][0]?.dataset.kind;
      extra[name.slice(2)] = kind === "yes_no" ? value === "yes" : kind === "number" ? Number(value) : value;
    }
    return extra;
  }

  // As `AnswersForm.answers` does on the server.
  function answersOf(form, data) {
    const topic = data.get("topic"), answers = {}, extra = extraOf(form, data), symptoms = data.getAll("symptoms");
    const temperature = number(data.get("temperature_c") ?? "");
    if (temperature !== null) answers.temperature_c = temperature;
    if (Object.keys(extra).length) answers.extra = extra;
    if (topic === "unchanged") return { ...answers, unchanged: true };
    if (topic === "unwell" && !symptoms.length) symptoms.push("unwell");
    if (topic !== "well" && symptoms.length) answers.symptoms = symptoms;
    const exposure = { well: false, exposed: true }[topic] ?? KNOWN[data.get("exposure")];
    if (exposure !== undefined) answers.exposure = exposure;
    for (const name of ["place_note", "note"]) if (data.get(name)) answers[name] = data.get(name);
    if (topic === "place") {
      answers.place_changed = true;
      for (const name of ["situation", "zone"]) if (data.get(name)) answers[name] = data.get(name);
    }
    return answers;
  }

  function wordsOf(form, data) {
    const words = [...form.querySelectorAll('input[name="symptoms"]:checked')].map((box) => box.closest("label")?.textContent.trim());
    if (data.get("temperature_c")) words.push(`${data.get("temperature_c")} °C`);
    return words.filter(Boolean);
  }

  function entryOf(form, submitter) {
    const data = new FormData(form);
    if (submitter?.name) data.append(submitter.name, submitter.value);
    return {
      owner, topic: data.get("topic"), name: form.dataset.checkin, answers: answersOf(form, data), form: data.get("form") || "",
      corrects: data.get("corrects") || "", of: form.dataset.at || "", words: wordsOf(form, data),
      fields: [...data].filter(([name]) => !["csrfmiddlewaretoken", "client_key"].includes(name)),
    };
  }

  // --- Sending ----------------------------------------------------------------------------------------------------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.dataset.checkin || !owner) {
      if (mode === "shell" && form.dataset.checkin) event.preventDefault();
      return;
    }
    event.preventDefault();
    say(form, event.submitter).catch((error) => {
      // The phone's store is full or shut: as without script, unless there is no network to post to.
      console.warn("the phone's store cannot be written", error);
      if (mode !== "shell") form.submit();
    });
  });

  async function say(form, submitter) {
    clearErrors(form);
    const entry = await queue.add(entryOf(form, submitter));
    if (form.dataset.replaces) await queue.remove(form.dataset.replaces);
    delete form.dataset.replaces;
    await show();
    await send();
    const now = (await queue.entries(owner)).find((one) => one.key === entry.key);
    form.querySelectorAll("button").forEach((button) => { button.disabled = false; });
    if (stopped.missing && now?.state === "waiting" && mode !== "shell") {
      // A server without the hot path in front of it: posted like a form, under the same key.
      await queue.remove(entry.key);
      form.elements.client_key.value = entry.key;
      if (submitter?.name) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: submitter.name, value: submitter.value }));
      form.submit();
      return;
    }
    if (now?.state === "refused") {
      form.dataset.replaces = entry.key;
      showError(form, now.problem);
      return;
    }
    if (now?.state === "sent" && now.corrects) {
      await queue.remove(now.key);
      location.assign(`${said.history}#r-${now.receipt}`);
      return;
    }
    form.reset();
    form.closest("details.change")?.removeAttribute("open");
    depend(form);
    if (now?.state === "sent") await refresh();
    outbox.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }

  async function send() {
    clearTimeout(timer);
    const before = (await queue.waiting(owner)).length;
    stopped = await queue.flush(owner);
    const left = await queue.waiting(owner);
    await show();
    if (left.length < before) await refresh();
    if (!left.length) return;
    if (stopped.retry) timer = setTimeout(() => send().catch(console.warn), Math.max(1000, stopped.retry));
    const registration = await navigator.serviceWorker?.getRegistration();
    if (registration?.sync && mode !== "link") await registration.sync.register("checkins").catch(() => undefined);
  }

  // The page's own state, after something of it was received.
  async function refresh() {
    const stack = document.getElementById("checkin-stack");
    if (!stack || mode !== "page" || stack.querySelector("details.change[open]")) return;
    const response = await fetch(said.today, { headers: { "HX-Request": "true" }, cache: "no-store", redirect: "error" }).catch(() => null);
    if (!response?.ok) return;
    // Parsed, not assigned: what is inside is our own page, and scripts in it would not run.
    const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
    stack.replaceChildren(...parsed.body.childNodes);
    ready(stack);
  }

  // --- What waits, what was refused, what was received --------------------------------------------------------------
  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text) element.textContent = text;
    return element;
  }

  const HOUR = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const clock = (moment) => {
    const day = new Date(moment), today = new Date().toDateString() === day.toDateString();
    return day.toLocaleString(document.documentElement.lang, today ? { ...HOUR } : { month: "2-digit", day: "2-digit", ...HOUR });
  };

  function button(text, act, main = false) {
    const made = make("button", main ? "btn btn-primary" : "btn", text);
    made.type = "button";
    made.addEventListener("click", () => act().catch(console.warn));
    return made;
  }

  const TONES = { waiting: "notice", refused: "danger", sent: "good" };

  function card(entry) {
    const conflict = entry.state === "sent" && entry.later?.differs && !entry.corrects;
    const item = make("article", `outbox-item card tone-edge-${conflict ? "notice" : TONES[entry.state]}`);
    item.dataset.state = conflict ? "conflict" : entry.state;
    const head = make("p", "outbox-head");
    head.append(make("strong", `tone-text-${TONES[entry.state]}`, word(entry.state)));
    head.append(make("span", "outbox-time", `${word("saidAt")} ${clock(entry.at)}`));
    item.append(head, make("p", "outbox-what", [word(entry.topic), ...(entry.words || [])].join(" · ")));
    const foot = make("div", "outbox-acts");
    if (entry.state === "waiting") {
      item.append(make("p", "outbox-note", stopped.refused ? word(mode === "link" ? "link" : "signin") : word("later")));
      if (stopped.refused && mode !== "link") foot.append(Object.assign(make("a", "btn btn-primary", word("signin")), { href: said.login }));
    } else if (entry.state === "refused") {
      item.append(make("p", "outbox-note", entry.problem.message));
      foot.append(button(word("open"), () => reopen(entry), true), button(word("drop"), () => drop(entry)));
    } else {
      const receipt = make("p", "outbox-receipt", `${word("receipt")} `);
      receipt.append(make("strong", "receipt-number", entry.receipt));
      item.append(receipt);
      if (conflict) item.append(make("p", "outbox-note", word(`conflict${entry.later.source[0].toUpperCase()}${entry.later.source.slice(1)}`).replace("TIME", clock(entry.later.at)).replace("RECEIPT", entry.receipt)));
      else if (entry.advice) item.append(make("p", "outbox-note", entry.advice[document.documentElement.lang.startsWith("zh") ? "zh" : "en"]));
      foot.append(button(word("ok"), async () => { await queue.remove(entry.key); await show(); }));
      if (mode === "shell") foot.append(Object.assign(make("a", "btn", word("again")), { href: said.today }));
    }
    if (foot.childNodes.length) item.append(foot);
    return item;
  }

  async function show() {
    const rows = owner ? await queue.entries(owner) : [];
    outbox.replaceChildren(...rows.map(card));
    outbox.hidden = !rows.length;
  }

  async function drop(entry) {
    if (!window.confirm(word("dropSure"))) return;
    await queue.remove(entry.key);
    await show();
  }

  // The form again, with what was typed; the refused entry goes once the new one is written.
  async function reopen(entry) {
    const form = document.querySelector(`form[data-checkin="${entry.name}"]`);
    if (!form) {
      location.assign(entry.corrects ? `${said.today}?correct=${encodeURIComponent(entry.corrects)}` : said.today);
      return;
    }
    form.closest("details.change")?.setAttribute("open", "");
    form.querySelectorAll("input[type=checkbox],input[type=radio]").forEach((box) => { box.checked = false; });
    for (const [name, value] of entry.fields) {
      if (name === "form" || name === "topic") continue; // those of the form as it is now
      for (const element of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (element.type === "checkbox" || element.type === "radio") element.checked ||= element.value === value;
        else if (element.tagName !== "BUTTON") element.value = value;
      }
    }
    form.dataset.replaces = entry.key;
    depend(form);
    showError(form, entry.problem);
    form.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  function clearErrors(form) {
    form.querySelectorAll(".field-error").forEach((old) => old.remove());
  }

  function showError(form, problem) {
    clearErrors(form);
    const field = form.querySelector(`[name="q_${CSS.escape(problem.field || "")}"],[name="${CSS.escape(problem.field || "-")}"]:not([type=hidden])`);
    const place = field?.closest(".field") || form;
    const error = make("p", "field-error", problem.message);
    error.setAttribute("role", "alert");
    if (place === form) place.querySelector("button:not([type=button])").before(error);
    else place.append(error);
  }

  // --- Questions that depend on a symptom, on who is asked, on the clock ---------------------------------------------
  function hide(question, hidden) {
    question.hidden = hidden;
    question.querySelectorAll("input,select,textarea").forEach((input) => { input.disabled = hidden; });
  }

  function depend(form) {
    const ticked = new Set([...form.querySelectorAll('input[name="symptoms"]:checked')].map((box) => box.value));
    for (const question of form.querySelectorAll(".question:has([data-symptoms])")) {
      hide(question, !question.querySelector("[data-symptoms]").dataset.symptoms.split(" ").some((code) => ticked.has(code)));
    }
  }

  // In the page without a person: who is asked is known to the phone, not to the page.
  function asked(who) {
    for (const question of document.querySelectorAll(".question")) {
      const { kinds, situations, monitored } = question.querySelector("[data-kind]")?.dataset || {};
      if ((kinds && !kinds.split(" ").includes(who.kind)) || (situations && !situations.split(" ").includes(who.situation)) || monitored === "true") hide(question, true);
    }
  }

  function offerZone(select) {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!here || select.dataset.offered) return;
    select.dataset.offered = "1";
    const option = make("option", "", `${here.split("/").pop().replaceAll("_", " ")} · ${word("thisPhone")}`);
    option.value = here;
    select.options[0].after(option);
    const fold = select.closest("details");
    fold.addEventListener("toggle", () => { if (fold.open && !select.value) select.value = here; });
  }

  function ready(root) {
    root.querySelectorAll("form[data-checkin]").forEach(depend);
    root.querySelectorAll('select[name="zone"]').forEach(offerZone);
  }
  document.addEventListener("change", (event) => {
    if (event.target.name === "symptoms" && event.target.form?.dataset.checkin) depend(event.target.form);
  });

  // --- Beginning ----------------------------------------------------------------------------------------------------
  async function begin() {
    ready(document);
    if (mode === "shell") {
      owner = await queue.current();
      const who = owner ? await queue.person(owner) : null;
      document.querySelectorAll("[data-shell-forms]").forEach((part) => { part.hidden = !who; });
      document.querySelectorAll("[data-shell-nobody]").forEach((part) => { part.hidden = Boolean(who); });
      if (!who) { owner = ""; return; }
      document.querySelector("[data-shell-label]").textContent = who.label;
      asked(who);
    } else {
      const name = mode === "link" ? `link-${said.owner}` : said.owner;
      await queue.remember({ owner: name, ticket: said.ticket, label: said.label, kind: said.kind, situation: said.situation, skew: Number(said.now) - Date.now() }, mode === "page");
      owner = name;
      await queue.tidy(owner);
      if (mode === "page") keepPage().catch(console.warn);
    }
    if (location.hash === "#unwell") document.getElementById("unwell")?.setAttribute("open", "");
    await show();
    await send();
  }

  async function keepPage() {
    if (!navigator.serviceWorker) return;
    await navigator.serviceWorker.register(said.worker, { scope: "/" });
    const { active } = await navigator.serviceWorker.ready;
    active.postMessage({ shell: said.shell });
  }

  const again = async () => { if (owner) { await queue.hurry(owner); await send(); } };
  window.addEventListener("online", () => again().catch(console.warn));
  document.addEventListener("visibilitychange", () => { if (!document.hidden && owner) send().catch(console.warn); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) again().catch(console.warn); });
  if ("BroadcastChannel" in self) new BroadcastChannel(queue.CHANNEL).onmessage = () => { show().catch(console.warn); };
  begin().catch((error) => console.warn("the phone's store cannot be opened", error));
})();
