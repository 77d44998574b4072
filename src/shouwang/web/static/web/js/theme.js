// Runs before the first paint: the chosen theme, else what the device prefers. The big screen is always dark.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const KEY = "shouwang-theme";

  function chosen() {
    try { return localStorage.getItem(KEY); } catch { return null; } // storage may be forbidden: follow the device
  }
  function apply() {
    const theme = root.classList.contains("big-screen") ? "dark" : chosen() || (dark.matches ? "dark" : "light");
    if (root.getAttribute("data-bs-theme") === theme) return;
    root.setAttribute("data-bs-theme", theme);
    document.dispatchEvent(new CustomEvent("shouwang:theme"));
  }
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    try { localStorage.setItem(KEY, next); } catch { /* lasts for this page only */ root.setAttribute("data-bs-theme", next); }
    apply();
  });
  dark.addEventListener("change", apply);
  apply();
})();
