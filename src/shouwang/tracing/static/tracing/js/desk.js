/* The tracer's keys: j/k move between contacts, x ticks, y confirms, n opens the reason, e shows the evidence; at an
   encounter a ticks all or none and r goes to the reason. */
(function () {
  "use strict";
  function rows() { return Array.from(document.querySelectorAll("[data-contact]")); }
  function typing(target) { return target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]"); }
  function current() { return document.activeElement && document.activeElement.closest("[data-contact]"); }
  function move(step) {
    var all = rows();
    if (!all.length) { return; }
    var at = all.indexOf(current());
    var next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  function tickAll() {
    var boxes = Array.from(document.querySelectorAll(".contact-tick"));
    var all = boxes.every(function (box) { return box.checked; });
    boxes.forEach(function (box) { box.checked = !all; });
  }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) { return; }
    if (event.key === "j") { move(1); event.preventDefault(); return; }
    if (event.key === "k") { move(-1); event.preventDefault(); return; }
    if (event.key === "a") { tickAll(); return; }
    if (event.key === "r") {
      var reason = document.querySelector('input[data-key="r"]');
      if (reason) { reason.focus(); event.preventDefault(); }
      return;
    }
    if ("ynex".indexOf(event.key) < 0 || event.key.length !== 1) { return; }
    var row = current();
    var button = row && row.querySelector('[data-key="' + event.key + '"]');
    if (!button) { return; }
    event.preventDefault();
    button.click();
    if (event.key === "n") {
      var field = row.querySelector(".dismiss-form input[name=reason]");
      if (field) { field.focus(); }
    }
  });
  /* A decided row is replaced: the keyboard stays where it was, on the row that took its place. */
  document.addEventListener("htmx:afterSwap", function (event) {
    var id = event.detail && event.detail.target && event.detail.target.id;
    if (id && id.indexOf("contact-") === 0) {
      var row = document.getElementById(id);
      if (row) { row.focus(); }
    }
  });
})();
