// The lists of a unit: ticks that outlive the refresh, and keys: j and k move, x ticks, Enter opens "why".
(() => {
  "use strict";
  const ticked = new Set();
  let row = -1;
  const boxes = () => [...document.querySelectorAll("#unit input[name=person]")];
  const rows = () => [...document.querySelectorAll("#unit tr[data-row]")];

  function show() {
    const count = document.querySelector("[data-ticked]");
    if (count) count.textContent = ticked.size;
    const all = document.querySelector("[data-tick-all]");
    if (all) all.checked = boxes().length > 0 && boxes().every((box) => box.checked);
    rows().forEach((line, k) => line.classList.toggle("unit-current", k === row));
  }

  function note(box) {
    if (box.checked) ticked.add(box.value);
    else ticked.delete(box.value);
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-all]")) {
      boxes().forEach((box) => { box.checked = event.target.checked; note(box); });
    } else if (event.target.matches("#unit input[name=person]")) note(event.target);
    else return;
    show();
  });

  document.addEventListener("htmx:afterSwap", () => {
    const there = new Set(boxes().map((box) => box.value));
    // Whoever has left the list is no longer ticked: what is not seen is not acted on.
    [...ticked].filter((value) => !there.has(value)).forEach((value) => ticked.delete(value));
    boxes().forEach((box) => { box.checked = ticked.has(box.value); });
    show();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox]), select, textarea, a, button")) return;
    const lines = rows();
    if (event.key === "j") row = Math.min(row + 1, lines.length - 1);
    else if (event.key === "k") row = Math.max(row - 1, 0);
    else if (event.key === "x" && lines[row]) {
      const box = lines[row].querySelector("input[name=person]");
      if (box) { box.checked = !box.checked; note(box); }
    } else if (event.key === "Enter" && lines[row]) lines[row].querySelector("[data-open]").click();
    else return;
    event.preventDefault();
    show();
    if (lines[row]) lines[row].scrollIntoView({ block: "nearest" });
  });
})();
