// Signing out takes the pass, what waits and the kept page off this phone; what is unsent is asked about first.
(() => {
  "use strict";
  const queue = self.ShouwangQueue;
  if (!queue || !self.indexedDB) return;
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!("leave" in form.dataset) || !navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    try {
      const owner = await queue.current();
      if (owner) {
        const unsent = (await queue.entries(owner)).some((entry) => entry.state !== "sent");
        if (unsent && !window.confirm(form.dataset.wordUnsent)) return;
        await queue.forget(owner);
      }
      if ("caches" in self) {
        for (const name of await caches.keys()) if (name.startsWith("shouwang-shell-")) await caches.delete(name);
      }
    } catch (error) {
      console.warn("the phone's store could not be cleared", error);
    }
    form.submit();
  }, true);
})();
