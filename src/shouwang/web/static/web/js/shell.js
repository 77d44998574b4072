// Behaviour of the shell: notices, refusals of HTMX requests, confirmations, keys. Data comes from attributes only.
(() => {
  "use strict";
  const body = document.body;
  const word = (name) => body.dataset[`word${name}`] || "";
  const notices = () => document.getElementById("notices");

  function say(text, tone = "error") {
    const place = notices();
    if (!place || !text) return;
    if ([...place.querySelectorAll(".notice p")].some((p) => p.textContent === text)) return;
    const notice = document.createElement("div");
    notice.className = `notice notice-${tone}`;
    if (tone === "error") notice.setAttribute("role", "alert");
    const sentence = document.createElement("p");
    sentence.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn-close";
    close.dataset.dismiss = "";
    close.setAttribute("aria-label", word("Close"));
    notice.append(sentence, close);
    place.prepend(notice);
  }

  function whisper(text) {
    document.querySelectorAll(".toast-mini").forEach((old) => old.remove());
    const toast = document.createElement("div");
    toast.className = "toast-mini";
    toast.setAttribute("role", "status");
    toast.textContent = text;
    body.append(toast);
    setTimeout(() => toast.remove(), 2500);
  }

  // --- HTMX -------------------------------------------------------------------------------------------------------
  // A refusal names its own target (HX-Retarget: #notices); any other failure must not be swapped into the page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { xhr } = event.detail;
    if (xhr.status < 400 || xhr.status === 422) return;
    event.detail.shouldSwap = xhr.getResponseHeader("HX-Retarget") !== null;
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    if (xhr.getResponseHeader("HX-Retarget") !== null) return;
    say(xhr.status === 403 || xhr.status === 404 ? word("Stale") : word("Failed"));
  });
  document.addEventListener("htmx:sendError", () => say(word("Offline")));
  document.addEventListener("htmx:timeout", () => say(word("Offline")));
  // A poll is the only request without an event of a person behind it.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const polling = /(^|\s|,)every\s/.test(event.detail.elt.getAttribute("hx-trigger") || "");
    if (polling && (document.hidden || !navigator.onLine)) event.preventDefault();
  });

  let running = 0;
  const bar = document.createElement("div");
  bar.className = "loading-bar no-print";
  body.append(bar);
  document.addEventListener("htmx:beforeSend", () => { running += 1; bar.classList.add("on"); });
  document.addEventListener("htmx:afterRequest", () => {
    running = Math.max(0, running - 1);
    if (!running) bar.classList.remove("on");
  });

  // --- Attributes -------------------------------------------------------------------------------------------------
  function copy(selector) {
    const source = document.querySelector(selector);
    if (!source || !navigator.clipboard) return;
    navigator.clipboard.writeText((source.value ?? source.textContent).trim()).then(() => whisper(word("Copied")));
  }

  document.addEventListener("click", (event) => {
    const hit = event.target.closest("[data-dismiss],[data-back],[data-print],[data-copy],a[data-confirm]");
    if (!hit) return;
    if ("dismiss" in hit.dataset) hit.closest(".notice")?.remove();
    if ("print" in hit.dataset) window.print();
    if ("copy" in hit.dataset) copy(hit.dataset.copy);
    if ("back" in hit.dataset) history.back();
    if ("confirm" in hit.dataset && !window.confirm(hit.dataset.confirm)) event.preventDefault();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (question && !form.hasAttribute("hx-confirm") && !window.confirm(question)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    // After the browser has read the form: a disabled button would not be sent.
    if ("once" in form.dataset) setTimeout(() => form.querySelectorAll("button:not([type=button])").forEach((b) => { b.disabled = true; }));
  }, true);
  // A page shown again by the back button must be usable again, and one that was asked to reload must reload.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-once] button").forEach((b) => { b.disabled = false; });
  });

  document.addEventListener("change", (event) => {
    if ("autosubmit" in event.target.dataset) event.target.form?.requestSubmit();
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    const hit = [...document.querySelectorAll("[data-keys]")].find((e) => e.dataset.keys === event.key && e.offsetParent);
    if (!hit) return;
    event.preventDefault();
    hit.click();
  });

  window.addEventListener("offline", () => whisper(word("Offline")));
})();
