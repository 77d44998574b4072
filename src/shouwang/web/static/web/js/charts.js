// Charts: every [data-chart] figure is drawn from the JSON that `json_script` wrote (shapes: docs/interface.md).
// ECharts is fetched only when a page has a chart. Tooltips are drawn on the canvas: the content security policy
// forbids the style attributes of its HTML tooltips.
(() => {
  "use strict";
  const PALETTE = ["primary", "info", "warn", "special", "good", "notice", "danger", "neutral"];
  const KNOWN = {
    confirmed: "danger", case: "danger", close: "danger", probable: "warn", suspected: "notice", general: "notice",
    asymptomatic: "special", secondary: "info", proxy: "info", self: "good", unknown: "neutral", discarded: "neutral",
    dismissed: "neutral",
  };
  const RINGS_ABOVE = 400; // nodes; a force layout takes the square of them in steps and would hold up the page
  const drawn = new Map();
  let library = null;

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const tone = (name) => (name === "primary" ? css("--tblr-primary") : css(`--${name}`)) || css("--neutral");
  const colour = (item, index) => tone(item.tone || KNOWN[item.name] || PALETTE[index % PALETTE.length]);
  const inks = () => ({
    text: css("--tblr-body-color"), soft: css("--tblr-secondary"), line: css("--tblr-border-color"),
    surface: css("--tblr-bg-surface"), raised: css("--surface-raised"), font: css("--tblr-font-sans-serif"),
  });
  const gap = (value) => (value === null || value === undefined ? "-" : value);
  const shown = (value, words) =>
    value === null || value === undefined || value === "-" ? words.unknown : typeof value === "number" ? value.toLocaleString("en") : String(value);

  function echarts() {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = document.body.dataset.echarts;
      script.onload = () => resolve(window.echarts);
      script.onerror = () => { library = null; reject(new Error("the chart library did not load")); };
      document.head.append(script);
    });
    return library;
  }

  function wordsOf(figure) {
    const words = {};
    for (const [key, value] of Object.entries(figure.dataset)) {
      if (key.startsWith("word")) words[key[4].toLowerCase() + key.slice(5)] = value;
    }
    return words;
  }

  // --- Common parts of an option ----------------------------------------------------------------------------------
  function base(ink) {
    return {
      animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 250,
      textStyle: { fontFamily: ink.font, color: ink.text },
      aria: { enabled: true, label: { enabled: false }, decal: { show: matchMedia("(prefers-contrast: more)").matches } },
      tooltip: {
        renderMode: "richText", confine: true, backgroundColor: ink.raised, borderColor: ink.line, padding: [8, 12],
        textStyle: { color: ink.text, fontSize: 13, fontFamily: ink.font },
      },
    };
  }
  const legend = (ink, names) => ({
    show: names.length > 1, type: "scroll", top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 12, itemGap: 16,
    data: names, textStyle: { color: ink.text, fontSize: 13 }, pageIconColor: ink.text, pageIconInactiveColor: ink.line, pageTextStyle: { color: ink.soft },
  });
  const grid = (many, marked) => ({ left: 4, right: 20, bottom: 4, top: (many ? 36 : 14) + (marked ? 16 : 0), containLabel: true });
  const category = (ink, data, more) => ({
    type: "category", data, axisTick: { show: false }, axisLine: { lineStyle: { color: ink.line } },
    axisLabel: { color: ink.soft, hideOverlap: true, fontSize: 12 }, ...more,
  });
  const amount = (ink, more) => ({
    type: "value", minInterval: 1, splitLine: { lineStyle: { color: ink.line } }, axisLabel: { color: ink.soft, fontSize: 12 }, ...more,
  });
  function marks(list, ink) {
    if (!list || !list.length) return undefined;
    return {
      symbol: "none", silent: true, lineStyle: { color: ink.soft, type: "dashed" },
      label: { color: ink.soft, formatter: "{b}", position: "end", distance: 3, fontSize: 12 },
      data: list.map((mark) => ({ name: mark.label, xAxis: mark.day ?? mark.x })),
    };
  }
  const byAxis = (words) => ({
    trigger: "axis", axisPointer: { type: "shadow" },
    formatter: (points) => [points[0].axisValueLabel, ...points.filter((p) => p.seriesName !== "\u0000")
      .map((p) => `${p.marker}${p.seriesName}  ${shown(p.value, words)}`)].join("\n"),
  });
  const shortDay = (day) => (/^\d{4}-\d\d-\d\d$/.test(day) ? day.slice(5) : day);

  // --- Kinds ------------------------------------------------------------------------------------------------------
  function epicurve(data, ink, words) {
    const option = base(ink);
    const names = data.series.map((s) => s.label);
    return {
      ...option, legend: legend(ink, names), grid: grid(names.length > 1, data.marks?.length), tooltip: { ...option.tooltip, ...byAxis(words) },
      xAxis: category(ink, data.days, { axisLabel: { color: ink.soft, hideOverlap: true, fontSize: 12, formatter: shortDay } }),
      yAxis: amount(ink),
      series: data.series.map((s, i) => ({
        name: s.label, type: "bar", stack: "all", barCategoryGap: "6%", barMaxWidth: 48, data: s.values.map(gap),
        itemStyle: { color: colour(s, i), borderColor: ink.surface, borderWidth: 0.5 }, emphasis: { focus: "series" },
        markLine: i === 0 ? marks(data.marks, ink) : undefined,
      })),
    };
  }

  function line(data, ink, words) {
    const option = base(ink);
    const names = data.series.map((s) => s.label);
    const series = data.series.flatMap((s, i) => {
      const paint = colour(s, i);
      const own = {
        name: s.label, type: "line", data: s.values.map(gap), connectNulls: false, symbol: "circle", symbolSize: 5,
        showSymbol: data.x.length <= 31 && !s.dashed, lineStyle: { width: 2, color: paint, type: s.dashed ? "dashed" : "solid" }, itemStyle: { color: paint },
        markLine: i === 0 ? marks(data.marks, ink) : undefined,
      };
      if (!s.low || !s.high) return [own];
      // A band is an invisible line at `low` with the difference stacked on it.
      const band = { name: "\u0000", type: "line", stack: `band${i}`, symbol: "none", silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false } };
      const width = s.high.map((high, k) => (high === null || s.low[k] === null ? "-" : high - s.low[k]));
      return [{ ...band, data: s.low.map(gap) }, { ...band, data: width, areaStyle: { color: paint, opacity: 0.18 } }, own];
    });
    return {
      ...option, legend: legend(ink, names), grid: grid(names.length > 1, data.marks?.length),
      tooltip: { ...option.tooltip, ...byAxis(words), axisPointer: { type: "line", lineStyle: { color: ink.soft } } },
      xAxis: category(ink, data.x, { boundaryGap: false, axisLabel: { color: ink.soft, hideOverlap: true, fontSize: 12, formatter: shortDay } }),
      yAxis: amount(ink, { minInterval: 0, scale: Boolean(data.scale) }), series,
    };
  }

  function bar(data, ink, words) {
    const option = base(ink);
    const names = data.series.map((s) => s.label);
    const labels = category(ink, data.labels, data.horizontal ? { inverse: true, axisLabel: { color: ink.text, fontSize: 12, width: 140, overflow: "truncate" } } : {});
    return {
      ...option, legend: legend(ink, names), grid: grid(names.length > 1), tooltip: { ...option.tooltip, ...byAxis(words) },
      xAxis: data.horizontal ? amount(ink) : labels, yAxis: data.horizontal ? labels : amount(ink),
      series: data.series.map((s, i) => ({
        name: s.label, type: "bar", stack: data.stacked ? "all" : undefined, barMaxWidth: 28, data: s.values.map(gap),
        itemStyle: { color: colour(s, i), borderRadius: data.stacked ? 0 : 3 },
        label: { show: data.horizontal && !data.stacked && names.length === 1, position: "right", color: ink.text },
      })),
    };
  }

  // Around the first node: one ring after another by category, evenly spread. Same picture every time, no computing.
  function rings(nodes, wide) {
    const spots = new Map([[nodes[0].id, [0, 0]]]);
    const groups = new Map();
    for (const node of nodes.slice(1)) groups.set(node.category, [...(groups.get(node.category) || []), node]);
    let radius = 100;
    for (const members of groups.values()) {
      for (let from = 0; from < members.length;) {
        const part = members.slice(from, from + Math.floor((2 * Math.PI * radius) / 24));
        part.forEach((node, k) => {
          const angle = (2 * Math.PI * (k + 0.5)) / part.length - Math.PI / 2;
          spots.set(node.id, [radius * wide * Math.cos(angle), radius * Math.sin(angle)]);
        });
        from += part.length;
        radius += 32;
      }
      radius += 30;
    }
    return spots;
  }

  // A case and its contacts (nearly everybody hangs on the first node) is drawn in rings, and so is what is too large
  // for a force layout; other networks find their own shape.
  function spotsOf(data, wide) {
    const { nodes, links } = data;
    if (nodes.every((n) => Number.isFinite(n.x) && Number.isFinite(n.y))) return new Map(nodes.map((n) => [n.id, [n.x, n.y]]));
    const hub = nodes[0].id;
    const near = new Set(links.flatMap((l) => (l.source === hub ? [l.target] : l.target === hub ? [l.source] : [])));
    return nodes.length > RINGS_ABOVE || near.size >= 0.8 * (nodes.length - 1) ? rings(nodes, wide) : null;
  }

  function network(data, ink, words, size) {
    const option = base(ink);
    const categories = data.categories || [];
    const index = new Map(categories.map((c, i) => [c.name, i]));
    const spots = spotsOf(data, Math.min(1.8, Math.max(1, size.width / size.height)));
    const count = data.nodes.length;
    const few = count <= 40;
    const [least, range] = few ? [10, 20] : count <= RINGS_ABOVE ? [7, 14] : [4, 8];
    const most = Math.max(1, ...data.nodes.map((n) => n.value || 0));
    const names = categories.map((c) => c.label);
    const spread = Math.sqrt((size.width * size.height) / count);
    const title = ({ data: d }) => d.title;
    return {
      ...option, legend: legend(ink, names),
      tooltip: {
        ...option.tooltip, trigger: "item",
        formatter: ({ dataType, data: d }) => (dataType === "edge" ? d.label_text || "" : [d.title, d.note, d.amount === undefined ? null : `${words.value} ${shown(d.amount, words)}`].filter(Boolean).join("\n")),
      },
      series: [{
        type: "graph", layout: spots ? "none" : "force", preserveAspect: true, top: names.length > 1 ? 48 : 16, bottom: 36, left: 32, right: 32,
        roam: matchMedia("(pointer: fine)").matches, scaleLimit: { min: 0.3, max: 8 },
        force: { repulsion: spread * 1.5, edgeLength: [spread * 0.4, spread * 0.8], gravity: 0.15, friction: 0.3, layoutAnimation: count <= 120 },
        categories: categories.map((c, i) => ({ name: c.label, itemStyle: { color: colour(c, i) } })),
        data: data.nodes.map((n) => {
          const [x, y] = spots?.get(n.id) ?? [];
          return {
            id: String(n.id), name: String(n.id), title: n.label, note: n.note, href: n.href, amount: n.value, x, y,
            category: index.get(n.category) ?? 0, symbolSize: least + range * Math.sqrt((n.value || 0) / most),
            ...(n.named && (size.width > 600 || count <= 120) ? { label: { show: true, position: "bottom", color: ink.text, fontSize: 12, formatter: title } } : {}),
          };
        }),
        links: data.links.map((l) => ({
          source: String(l.source), target: String(l.target), label_text: l.label,
          lineStyle: { type: l.dashed ? "dashed" : "solid", width: Math.min(5, 1 + Math.log2(1 + (l.value || 0)) / 3) },
        })),
        itemStyle: { borderColor: ink.surface, borderWidth: 1 },
        lineStyle: { color: ink.soft, opacity: few ? 0.55 : count <= RINGS_ABOVE ? 0.25 : 0.08, curveness: 0 },
        label: { show: few, position: "bottom", color: ink.text, fontSize: 12, formatter: title },
        emphasis: { focus: count <= RINGS_ABOVE ? "adjacency" : "none", label: { show: true, color: ink.text, formatter: title }, lineStyle: { opacity: 0.9 } },
        labelLayout: { hideOverlap: true }, progressive: 500,
      }],
    };
  }

  function timeline(data, ink) {
    const option = base(ink);
    const lanes = [...new Set(data.items.map((item) => item.lane))];
    const ends = data.items.flatMap((item) => [Date.parse(item.start), Date.parse(item.end ?? item.start)]).concat(data.now ? [Date.parse(data.now)] : []);
    const [first, last] = [Math.min(...ends), Math.max(...ends)];
    const margin = Math.max(60_000, (last - first) * 0.03);
    const clock = (ms) => new Date(ms).toLocaleString(document.documentElement.lang || "zh", { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    return {
      ...option, grid: grid(false),
      tooltip: { ...option.tooltip, trigger: "item", formatter: ({ data: d }) => [d.label_text, d.value[2] === d.value[1] ? clock(d.value[1]) : `${clock(d.value[1])} – ${clock(d.value[2])}`].filter(Boolean).join("\n") },
      xAxis: { type: "time", min: first - margin, max: last + margin, axisLabel: { color: ink.soft, hideOverlap: true, fontSize: 12 }, axisLine: { lineStyle: { color: ink.line } }, splitLine: { show: true, lineStyle: { color: ink.line } } },
      yAxis: category(ink, lanes, { inverse: true, axisLabel: { color: ink.text, fontSize: 12, width: 130, overflow: "truncate" } }),
      series: [{
        type: "custom", clip: true, encode: { x: [1, 2], y: 0 },
        data: data.items.map((item) => ({
          value: [lanes.indexOf(item.lane), Date.parse(item.start), Date.parse(item.end ?? item.start)],
          label_text: item.label, href: item.href,
        })),
        renderItem: (params, api) => {
          const [x1, y] = api.coord([api.value(1), api.value(0)]);
          const [x2] = api.coord([api.value(2), api.value(0)]);
          const high = Math.min(18, api.size([0, 1])[1] * 0.6);
          const fill = colour(data.items[params.dataIndex], 0);
          if (api.value(1) === api.value(2)) return { type: "circle", shape: { cx: x1, cy: y, r: 6 }, style: { fill, stroke: ink.surface, lineWidth: 1.5 } };
          return { type: "rect", shape: { x: x1, y: y - high / 2, width: Math.max(3, x2 - x1), height: high, r: 3 }, style: { fill } };
        },
        markLine: data.now ? { symbol: "none", silent: true, data: [{ xAxis: Date.parse(data.now) }], label: { show: false }, lineStyle: { color: css("--danger"), type: "solid" } } : undefined,
      }],
    };
  }

  const kinds = { epicurve, line, bar, network, timeline };

  // --- The table behind a chart -----------------------------------------------------------------------------------
  function rowsOf(kind, data, words) {
    if (kind === "network") {
      const groups = new Map((data.categories || []).map((c) => [c.name, c.label]));
      const degree = new Map();
      for (const l of data.links) for (const end of [l.source, l.target]) degree.set(String(end), (degree.get(String(end)) || 0) + 1);
      return [[words.name, words.group, words.value, words.links], data.nodes.map((n) => [n.label, groups.get(n.category) ?? "", n.value ?? null, degree.get(String(n.id)) || 0])];
    }
    if (kind === "timeline") {
      const moment = (text) => (text ? text.slice(0, 16).replace("T", " ") : "");
      return [[words.place, words.name, words.from, words.to], data.items.map((i) => [i.lane, i.label, moment(i.start), moment(i.end)])];
    }
    const first = data.days || data.x || data.labels;
    const columns = data.series.flatMap((s) => [[s.label, s.values], ...(s.low && s.high ? [[`${s.label} (${words.low})`, s.low], [`${s.label} (${words.high})`, s.high]] : [])]);
    const summed = kind === "epicurve" && data.series.length > 1;
    const total = (k) => (data.series.some((s) => s.values[k] === null) ? null : data.series.reduce((sum, s) => sum + s.values[k], 0));
    const head = [data.days ? words.day : data.labels ? words.name : "", ...columns.map(([label]) => label), ...(summed ? [words.total] : [])];
    return [head, first.map((x, k) => [x, ...columns.map(([, values]) => values[k]), ...(summed ? [total(k)] : [])])];
  }

  function tabulate(figure, kind, data, words) {
    const place = figure.querySelector("[data-chart-table]");
    const [head, rows] = rowsOf(kind, data, words);
    const table = document.createElement("table");
    table.className = "table table-dense";
    const line = (cells, tag) => {
      const row = document.createElement("tr");
      cells.forEach((value, i) => {
        const cell = document.createElement(i === 0 && tag === "td" ? "th" : tag);
        cell.scope = tag === "th" ? "col" : "row";
        if (tag === "td" && (typeof value === "number" || value === null)) cell.className = "num";
        cell.textContent = tag === "th" ? value : shown(value, words);
        row.append(cell);
      });
      return row;
    };
    table.createTHead().append(line(head, "th"));
    const body = table.createTBody();
    rows.forEach((cells) => body.append(line(cells, "td")));
    place.replaceChildren(table);
  }

  // --- Drawing ----------------------------------------------------------------------------------------------------
  const isEmpty = (kind, data) => (kind === "network" ? !data.nodes.length : kind === "timeline" ? !data.items.length : !(data.days || data.x || data.labels).length || !data.series.length);

  async function draw(figure) {
    if (drawn.has(figure)) return;
    const source = document.getElementById(figure.dataset.chartSource);
    const canvas = figure.querySelector(".chart-canvas");
    const kind = figure.dataset.chart;
    const words = wordsOf(figure);
    if (!source || !canvas || !kinds[kind]) return;
    const data = JSON.parse(source.textContent);
    const details = figure.querySelector("details");
    drawn.set(figure, null);
    if (isEmpty(kind, data)) {
      canvas.classList.add("chart-empty");
      canvas.textContent = words.empty;
      details?.remove();
      return;
    }
    details?.addEventListener("toggle", () => details.open && tabulate(figure, kind, data, words), { once: true });
    if (kind === "timeline") canvas.style.height = `${Math.max(120, new Set(data.items.map((i) => i.lane)).size * 30 + 60)}px`;
    let library_;
    try {
      library_ = await echarts();
    } catch {
      // Without the library the numbers are still there.
      canvas.remove();
      if (details) details.open = true;
      return;
    }
    if (!figure.isConnected) { drawn.delete(figure); return; }
    const chart = library_.init(canvas, null, { renderer: "canvas" });
    const paint = () => chart.setOption(kinds[kind](data, inks(), words, { width: chart.getWidth(), height: chart.getHeight() }), true);
    paint();
    chart.on("click", ({ data: d }) => { if (d?.href?.startsWith("/") && !d.href.startsWith("//")) window.location.assign(d.href); });
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(canvas);
    drawn.set(figure, { paint, end: () => { watch.disconnect(); chart.dispose(); } });
  }

  function scan(root = document) {
    for (const [figure, chart] of drawn) {
      if (!figure.isConnected) { chart?.end(); drawn.delete(figure); }
    }
    root.querySelectorAll("[data-chart]").forEach(draw);
  }

  document.addEventListener("htmx:afterSettle", () => scan());
  document.addEventListener("shouwang:theme", () => drawn.forEach((chart) => chart?.paint()));
  window.addEventListener("beforeprint", () => drawn.forEach((chart) => chart?.paint()));
  scan();
})();
