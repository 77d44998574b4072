// The age of the board's numbers, counted here, so that it goes on growing when the network is gone.
(() => {
  "use strict";
  const board = document.querySelector("[data-board]");
  const age = board && board.querySelector("[data-board-age]");
  if (!age) return;
  const STALE_SECONDS = 15; // three polls missed
  let seen = "";
  let base = 0; // seconds the numbers were old when they arrived
  let since = 0; // when they arrived, by a clock that nobody sets

  function arrive(mark) {
    seen = mark.dataset.asOf + mark.dataset.now;
    base = Math.max(0, (Date.parse(mark.dataset.now) - Date.parse(mark.dataset.asOf)) / 1000);
    since = performance.now();
  }

  function show() {
    const mark = board.querySelector("[data-as-of]");
    if (!mark) return;
    if (seen !== mark.dataset.asOf + mark.dataset.now) arrive(mark);
    const seconds = Math.round(base + (performance.now() - since) / 1000);
    const stale = seconds > STALE_SECONDS;
    const clock = new Date(mark.dataset.asOf).toLocaleTimeString(document.documentElement.lang, { hour12: false });
    const words = (stale ? board.dataset.stale : board.dataset.fresh).replace("{n}", String(seconds));
    age.textContent = `${clock} · ${words}`;
    age.classList.toggle("board-stale", stale);
    // A reader of the screen is told once that the connection is gone, not every second how old the numbers are.
    age.setAttribute("aria-live", stale && age.getAttribute("aria-live") === "off" ? "polite" : "off");
  }

  show();
  setInterval(show, 1000);
})();
