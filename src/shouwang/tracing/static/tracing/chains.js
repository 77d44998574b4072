// Transmission chains on a canvas. Places and groups come computed from the server (queries/chain_chart.py); this script
// turns them into pixels and only draws what lies in view, so that thousands of cases cost one frame of some
// milliseconds. Nothing moves by itself: there is no animation to reduce.
(() => {
  "use strict";
  const COLUMN = 46, ROW = 22, RADIUS = 6, HEAD = 26, EDGE = 28; // pixels at scale 1
  const SMALLEST = 0.02, LARGEST = 4, STEP = 1.25, PAN = 60;
  const TONES = ["primary", "warn", "info", "special", "good", "danger", "notice", "neutral"];
  const ORDERED = new Set(["week", "generation"]);

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const tone = (name) => (name === "primary" ? css("--tblr-primary") : css(`--${name}`));
  const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

  // From the primary colour of the beginning to the danger tone of now.
  function ramp(count) {
    const [from, to] = [channels(tone("info")), channels(tone("danger"))];
    return Array.from({ length: count }, (_, k) => {
      const part = count > 1 ? k / (count - 1) : 0;
      return `rgb(${from.map((value, c) => Math.round(value + (to[c] - value) * part)).join(",")})`;
    });
  }

  function path(pen, shape, x, y, r) {
    pen.beginPath();
    if (shape === 1) pen.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
    else if (shape === 2) {
      pen.moveTo(x, y - r * 1.25); pen.lineTo(x + r * 1.25, y); pen.lineTo(x, y + r * 1.25); pen.lineTo(x - r * 1.25, y); pen.closePath();
    } else pen.arc(x, y, r, 0, Math.PI * 2);
  }

  function mark(pen, shape, colour, x, y, r, surface) {
    path(pen, shape, x, y, r);
    pen.fillStyle = shape === 3 ? surface : colour;
    pen.fill();
    if (shape === 3) { pen.strokeStyle = colour; pen.lineWidth = Math.max(1, r / 3); pen.stroke(); }
  }

  class Chains {
    constructor(root) {
      this.root = root;
      this.data = JSON.parse(document.getElementById(root.dataset.chains).textContent);
      this.canvas = root.querySelector("canvas");
      this.pen = this.canvas.getContext("2d");
      this.tip = root.querySelector(".chain-tip");
      this.said = root.querySelector("[data-chain-said]");
      this.legend = root.querySelector("[data-chain-legend]");
      this.select = root.querySelector("[data-chain-colour]");
      this.count = this.data.id.length;
      this.focus = -1;
      this.pending = false;
      this.index();
      this.listen();
      this.paint();
      this.fit();
    }

    // Rows hold few cases each: what lies under the pointer is looked for in its row alone.
    index() {
      this.byRow = [];
      for (let k = 0; k < this.count; k += 1) (this.byRow[this.data.row[k]] ??= []).push(k);
      this.order = Array.from({ length: this.count }, (_, k) => k)
        .sort((a, b) => this.data.row[a] - this.data.row[b] || this.data.x[a] - this.data.x[b]);
      this.place = new Int32Array(this.count);
      this.order.forEach((k, at) => { this.place[k] = at; });
      this.low = this.data.x.reduce((least, x) => Math.min(least, x), Infinity);
      this.high = this.data.x.reduce((most, x) => Math.max(most, x), -Infinity);
      this.rows = this.byRow.length;
      // A short drawing gets a short canvas; the style sheet bounds it from above.
      this.canvas.style.blockSize = `${Math.max(200, HEAD + 2 * EDGE + this.rows * ROW * 1.4)}px`;
    }

    paint() {
      const by = this.select.value;
      const names = this.data.legends[by];
      this.colours = ORDERED.has(by) ? ramp(names.length) : names.map((_, k) => tone(TONES[k % TONES.length]));
      this.group = this.data[by];
      this.inks = { text: css("--tblr-body-color"), soft: css("--tblr-secondary"), line: css("--edge-strong"), grid: css("--tblr-border-color"), surface: css("--tblr-bg-surface"), focus: css("--focus"), font: `12px ${css("--tblr-font-sans-serif")}` };
      this.legend.replaceChildren(...names.map((name, k) => this.key(name, 0, this.colours[k])));
      for (const item of this.root.querySelectorAll("[data-chain-shape]")) {
        const old = item.querySelector("canvas");
        const fresh = this.swatch(Number(item.dataset.chainShape), this.inks.soft);
        if (old) old.replaceWith(fresh); else item.prepend(fresh);
      }
      this.draw();
    }

    swatch(shape, colour) {
      const small = document.createElement("canvas");
      small.width = small.height = 32;
      small.setAttribute("aria-hidden", "true");
      mark(small.getContext("2d"), shape, colour, 16, 16, 10, this.inks.surface);
      return small;
    }

    key(name, shape, colour) {
      const item = document.createElement("li");
      item.append(this.swatch(shape, colour), name);
      return item;
    }

    // --- Where things are: screen = world * scale + offset -----------------------------------------------------------
    size() {
      const ratio = window.devicePixelRatio || 1;
      const { clientWidth: width, clientHeight: height } = this.canvas;
      if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
        this.canvas.width = Math.round(width * ratio);
        this.canvas.height = Math.round(height * ratio);
      }
      this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      return { width, height };
    }

    fit() {
      const { width, height } = this.size();
      const wide = Math.max(1, (this.high - this.low) * COLUMN), tall = Math.max(1, (this.rows - 1) * ROW);
      this.scale = Math.min(1.4, Math.max(SMALLEST, Math.min((width - 2 * EDGE) / wide, (height - HEAD - 2 * EDGE) / tall)));
      // A drawing far taller than wide would be dust: then it begins at the top, legibly, and is scrolled.
      if (this.scale < 0.25) this.scale = Math.min(0.5, Math.max(0.25, (width - 2 * EDGE) / wide));
      this.left = EDGE - this.low * COLUMN * this.scale;
      this.top = HEAD + EDGE;
      this.draw();
    }

    zoom(factor, x, y) {
      const scale = Math.min(LARGEST, Math.max(SMALLEST, this.scale * factor));
      const real = scale / this.scale;
      this.left = x - (x - this.left) * real;
      this.top = y - (y - this.top) * real;
      this.scale = scale;
      this.draw();
    }

    pan(dx, dy) { this.left += dx; this.top += dy; this.draw(); }
    at(k) { return [this.data.x[k] * COLUMN * this.scale + this.left, this.data.row[k] * ROW * this.scale + this.top]; }

    near(x, y) {
      const row = Math.round((y - this.top) / (ROW * this.scale));
      const reach = Math.max(10, RADIUS * this.scale + 4), spread = Math.ceil(reach / (ROW * this.scale));
      let best = -1, least = reach * reach;
      for (let r = Math.max(0, row - spread); r <= Math.min(this.rows - 1, row + spread); r += 1) {
        for (const k of this.byRow[r] ?? []) {
          const [cx, cy] = this.at(k);
          const far = (cx - x) ** 2 + (cy - y) ** 2;
          if (far < least) { best = k; least = far; }
        }
      }
      return best;
    }

    // --- Drawing ---------------------------------------------------------------------------------------------------
    draw() {
      if (this.pending) return;
      this.pending = true;
      requestAnimationFrame(() => { this.pending = false; this.render(); });
    }

    render() {
      const { width, height } = this.size();
      const { pen, inks } = this;
      pen.clearRect(0, 0, width, height);
      this.grid(width, height);
      pen.lineWidth = Math.max(0.75, 1.4 * this.scale);
      for (const proposed of [1, 0]) {
        pen.strokeStyle = inks.line;
        // Seen from afar dashes are dust and cost most of a frame: paler lines instead.
        pen.setLineDash(proposed && this.scale >= 0.4 ? [4, 4] : []);
        pen.globalAlpha = proposed && this.scale < 0.4 ? 0.5 : 1;
        pen.beginPath();
        for (const [child, above, style] of this.data.links) if (style === proposed) this.link(child, above, width, height);
        pen.stroke();
      }
      pen.globalAlpha = 1;
      pen.setLineDash([2, 3]);
      pen.beginPath();
      const r = Math.max(1.5, RADIUS * Math.min(1.6, this.scale));
      for (let k = 0; k < this.count; k += 1) {
        if (!this.data.outside[k]) continue;
        const [x, y] = this.at(k);
        pen.moveTo(x - r, y); pen.lineTo(x - r - 16 * Math.min(1, this.scale), y);
      }
      pen.stroke();
      pen.setLineDash([]);
      for (let k = 0; k < this.count; k += 1) {
        const [x, y] = this.at(k);
        if (x < -r || y < -r || x > width + r || y > height + r) continue;
        mark(pen, this.data.shape[k], this.colours[this.group[k]], x, y, r, inks.surface);
        if (this.scale >= 1.1 && this.free(k)) { pen.fillStyle = inks.text; pen.fillText(this.data.number[k], x + r + 3, y - r - 2); }
      }
      this.header(width);
      this.point(r, width, height);
      this.root.dataset.drawn = String(this.count); // what a test waits for
    }

    // Whether the number of a case fits before the next one in its row.
    free(k) {
      const next = this.order[this.place[k] + 1];
      return next === undefined || this.data.row[next] !== this.data.row[k] || (this.data.x[next] - this.data.x[k]) * COLUMN * this.scale > 110;
    }

    link(child, above, width, height) {
      const [x, y] = this.at(child), [px, py] = this.at(above);
      if (Math.max(x, px) < 0 || Math.min(x, px) > width || Math.max(y, py) < 0 || Math.min(y, py) > height) return;
      this.pen.moveTo(px, py);
      if (py === y) this.pen.lineTo(x, y);
      else { const bend = px + Math.min(12 * this.scale, Math.abs(x - px) / 2); this.pen.lineTo(bend, py); this.pen.lineTo(bend, y); this.pen.lineTo(x, y); }
    }

    ticks(width) {
      let last = -Infinity;
      return this.data.ticks.map(([at, label]) => [at * COLUMN * this.scale + this.left, label])
        .filter(([x]) => { if (x < 0 || x > width - 70 || x - last < 84) return false; last = x; return true; });
    }

    grid(width, height) {
      this.pen.strokeStyle = this.inks.grid;
      this.pen.lineWidth = 1;
      this.pen.beginPath();
      for (const [x] of this.ticks(width)) { this.pen.moveTo(x, HEAD); this.pen.lineTo(x, height); }
      this.pen.stroke();
    }

    header(width) {
      const { pen } = this;
      pen.fillStyle = this.inks.surface;
      pen.globalAlpha = 0.92;
      pen.fillRect(0, 0, width, HEAD);
      pen.globalAlpha = 1;
      pen.fillStyle = this.inks.soft;
      pen.font = this.inks.font;
      pen.textBaseline = "middle";
      for (const [x, label] of this.ticks(width)) pen.fillText(label, x + 2, HEAD / 2);
      pen.textBaseline = "alphabetic";
    }

    point(r, width, height) {
      if (this.focus < 0) { this.tip.hidden = true; return; }
      const [x, y] = this.at(this.focus);
      this.pen.strokeStyle = this.inks.focus;
      this.pen.lineWidth = 2.5;
      this.pen.beginPath(); this.pen.arc(x, y, r + 4, 0, Math.PI * 2); this.pen.stroke();
      this.tip.hidden = false;
      this.tip.textContent = this.words(this.focus);
      const left = Math.max(0, Math.min(width - this.tip.offsetWidth - 4, x + 12)), below = y + 14 + this.tip.offsetHeight > height;
      this.tip.style.transform = `translate(${left}px, ${Math.max(0, below ? y - 14 - this.tip.offsetHeight : y + 14)}px)`;
    }

    words(k) {
      const { data } = this, words = this.root.dataset;
      const legend = (by) => data.legends[by][data[by][k]];
      const day = (data.dated[k] ? words.wordOnset : words.wordDetected).replace("{day}", data.day[k]);
      const source = [words.wordCase, words.wordImported, words.wordUnknown, words.wordNotstated][data.shape[k]];
      return [`${data.number[k]} · ${legend("generation")}`, legend("class"), legend("dorm"), day, data.outside[k] ? words.wordOutside : source].join("\n");
    }

    // --- Hands and keys ----------------------------------------------------------------------------------------------
    choose(k, speak) {
      if (k === this.focus) return;
      this.focus = k;
      if (speak && k >= 0) this.said.textContent = this.words(k).replaceAll("\n", ", ");
      this.draw();
    }

    show(k) {
      const [x, y] = this.at(k), { clientWidth: width, clientHeight: height } = this.canvas;
      if (x < EDGE || x > width - EDGE) this.left += width / 2 - x;
      if (y < HEAD + EDGE || y > height - EDGE) this.top += height / 2 - y;
      this.choose(k, true);
      this.draw();
    }

    walk(step) {
      const from = this.focus < 0 ? (step > 0 ? -1 : this.count) : this.place[this.focus];
      this.show(this.order[Math.min(this.count - 1, Math.max(0, from + step))]);
    }

    open() { if (this.focus >= 0) window.location.assign(this.root.dataset.href.replace("/0/", `/${this.data.id[this.focus]}/`)); }

    key_(event) {
      const middle = [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2];
      const does = {
        ArrowLeft: () => this.pan(PAN, 0), ArrowRight: () => this.pan(-PAN, 0), ArrowUp: () => this.pan(0, PAN), ArrowDown: () => this.pan(0, -PAN),
        "+": () => this.zoom(STEP, ...middle), "=": () => this.zoom(STEP, ...middle), "-": () => this.zoom(1 / STEP, ...middle), 0: () => this.fit(),
        n: () => this.walk(1), p: () => this.walk(-1), Enter: () => this.open(), Escape: () => this.choose(-1),
      }[event.key];
      if (!does || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation(); // one-letter keys of the page are not meant
      does();
    }

    listen() {
      const { canvas } = this, pointers = new Map();
      let moved = 0;
      const spot = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
      canvas.addEventListener("keydown", (event) => this.key_(event));
      canvas.addEventListener("wheel", (event) => {
        // Without Ctrl the wheel scrolls the page, as everywhere; pinching on a touchpad arrives with Ctrl.
        if (!event.ctrlKey && !event.metaKey && document.activeElement !== canvas) return;
        event.preventDefault();
        this.zoom(Math.exp(-event.deltaY / 400), ...spot(event));
      }, { passive: false });
      canvas.addEventListener("pointerdown", (event) => {
        canvas.setPointerCapture(event.pointerId);
        pointers.set(event.pointerId, spot(event));
        moved = 0;
      });
      canvas.addEventListener("pointermove", (event) => {
        const now = spot(event), before = pointers.get(event.pointerId);
        if (!before) { this.choose(this.near(...now)); return; }
        const others = [...pointers].filter(([id]) => id !== event.pointerId);
        if (others.length) {
          const other = others[0][1], span = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
          this.zoom(span(now) / Math.max(1, span(before)), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
        } else this.pan(now[0] - before[0], now[1] - before[1]);
        moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
        canvas.dataset.dragging = "";
        pointers.set(event.pointerId, now);
      });
      const end = (event) => {
        const clicked = pointers.delete(event.pointerId) && event.type === "pointerup" && moved < 6;
        delete canvas.dataset.dragging;
        if (!clicked) return;
        const k = this.near(...spot(event));
        if (event.pointerType === "mouse" && k >= 0) { this.focus = k; this.open(); } else if (k >= 0 && k === this.focus) this.open();
        else this.choose(k, true);
      };
      canvas.addEventListener("pointerup", end);
      canvas.addEventListener("pointercancel", end);
      canvas.addEventListener("pointerleave", () => { if (!pointers.size) this.choose(-1); });
      this.select.addEventListener("change", () => this.paint());
      for (const button of this.root.querySelectorAll("[data-chain-do]")) {
        button.addEventListener("click", () => {
          const middle = [canvas.clientWidth / 2, canvas.clientHeight / 2];
          ({ in: () => this.zoom(STEP ** 2, ...middle), out: () => this.zoom(STEP ** -2, ...middle), fit: () => this.fit() })[button.dataset.chainDo]();
        });
      }
      new ResizeObserver(() => this.draw()).observe(canvas);
      new MutationObserver(() => this.paint()).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
    }
  }

  const start = () => { for (const root of document.querySelectorAll("[data-chains]")) root.chains ??= new Chains(root); };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
