// The explorer: what is chosen is in the address, what is shown is made from it.

const index = JSON.parse(document.getElementById("index").textContent);
const COLOURS = index.colours;
const SHAPES = [
  "M10 3a7 7 0 1 0 .01 0z", "M4 4h12v12H4z", "M10 2l8 15H2z", "M10 1l8 9-8 9-8-9z",
  "M7 2h6v5h5v6h-5v5H7v-5H2V7h5z", "M10 18L2 3h16z", "M6 2h8l5 8-5 8H6l-5-8z",
  "M4 1l6 6 6-6 3 3-6 6 6 6-3 3-6-6-6 6-3-3 6-6-6-6z",
];
const SHOWN = 8; // features on a card before all are asked for
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);
const blocks = new Map();
let category, data, places, table;

// Elements and words

function make(tag, attributes = {}, ...children) {
  const element = tag === "svg" || attributes.svg
    ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name !== "svg" && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const whole = new Intl.NumberFormat("en");
const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
const significant = (value) => Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 6 });
const inUnit = (value, unit) => value === null ? "–" : unit === "share" ? percent(value) : significant(value);
const words = (text) => text.replaceAll("_", " ");

function symbol(number) {
  const colour = COLOURS[number % COLOURS.length];
  const shape = SHAPES[(number + Math.floor(number / COLOURS.length)) % SHAPES.length];
  return make("svg", { class: "symbol", viewBox: "0 0 20 20", "aria-hidden": "true" },
    make("path", { svg: true, d: shape, fill: colour }));
}

// Data: a block per category, unpacked when it is asked for

async function unpack(number) {
  if (!blocks.has(number)) {
    const bytes = Uint8Array.from(atob($(`block-${number}`).textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    blocks.set(number, await new Response(stream).json());
  }
  return blocks.get(number);
}

// Clusters side by side

function bar(value) {
  const length = Math.min(100, Math.abs(value - 100));
  const rect = { svg: true, y: 2, height: 8, width: length, x: value < 100 ? 100 - length : 100 };
  return make("svg", { viewBox: "0 0 200 12", preserveAspectRatio: "none", "aria-hidden": "true" },
    make("rect", { ...rect, class: value < 100 ? "less" : "more" }),
    make("line", { svg: true, class: "axis", x1: 100, x2: 100, y1: 0, y2: 12 }));
}

function profileTable(number, rows) {
  const profile = data.profile.clusters[number];
  const line = (i) => {
    const feature = data.profile.features[i];
    const title = `${inUnit(profile.value[i], feature.unit)}, chain ${inUnit(feature.chain, feature.unit)}`;
    const of = profile.index[i];
    return make("tr", { class: profile.told[i] ? "" : "chance", title },
      make("th", { scope: "row" }, feature.words),
      make("td", { class: "number" }, inUnit(profile.value[i], feature.unit)),
      make("td", { class: "bar" }, of === null ? "" : bar(of)),
      make("td", { class: "number" }, of === null ? "–" : whole.format(Math.round(of))));
  };
  return make("table", { class: "bars" },
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "feature"),
      make("th", { scope: "col", class: "number" }, "value"),
      make("th", { scope: "col" }, "to the chain"),
      make("th", { scope: "col", class: "number" }, "index"))),
    make("tbody", {}, ...rows.map(line)));
}

function card(cluster, number) {
  const profile = data.profile.clusters[number];
  const order = profile.value.map((_, i) => i)
    .sort((a, b) => (profile.driver[a] || 1e9) - (profile.driver[b] || 1e9));
  const few = order.filter((i) => data.profile.features[i].named).slice(0, SHOWN);
  const all = make("details", {}, make("summary", {}, `All ${order.length} features`));
  all.addEventListener("toggle", () => {
    if (all.open && all.children.length === 1) all.append(profileTable(number, order));
  });
  return make("article", { class: "card", "aria-labelledby": `cluster-${number}` },
    make("h3", { id: `cluster-${number}` }, symbol(number), `Cluster ${cluster.code}`),
    make("div", { class: "name" }, cluster.name),
    make("p", { class: "evidence soft" }, cluster.evidence[0].toUpperCase() + cluster.evidence.slice(1) + "."),
    make("dl", {},
      make("dt", {}, "stores"), make("dd", {}, whole.format(cluster.stores)),
      make("dt", {}, "sales"), make("dd", {}, `${whole.format(Math.round(cluster.sales))} (${percent(cluster.share)} of the category)`),
      make("dt", {}, "mean confidence"), make("dd", {}, cluster.confidence === null ? "–" : cluster.confidence.toFixed(2)),
      make("dt", {}, "stability"), make("dd", {}, cluster.jaccard.toFixed(2))),
    cluster.drivers < 3 ? make("p", { class: "note" }, "Hardly differs from the chain: fewer than three features do, beyond chance.") : null,
    profileTable(number, few),
    order.length > few.length ? all : null,
    make("p", {}, make("button", { type: "button", onclick: () => showCluster(cluster.code) }, `Show its ${whole.format(cluster.stores)} stores`)));
}

function showClusters() {
  $("summary").textContent = `${category.clusters.length} clusters of ${whole.format(category.stores)} stores; `
    + `${whole.format(category.without)} stores have none.`;
  $("why").textContent = category.why;
  $("clusters").replaceChildren(...category.clusters.map(card));
  const strongest = category.drivers.map((driver) => make("tr", {},
    make("th", { scope: "row" }, driver.words),
    make("td", { class: "bar" }, make("svg", { viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" },
      make("rect", { svg: true, class: "more", y: 2, height: 8, width: 100 * driver.explained }))),
    make("td", { class: "number" }, percent(driver.explained, 0))));
  $("drivers").replaceChildren(
    make("h3", {}, "Features"),
    make("p", { class: "soft" }, "How much of what stores differ in lies between the clusters."),
    make("table", { class: "bars" }, make("tbody", {}, ...strongest)));
  const right = category.accuracy === null ? "Too few stores to test them"
    : `Such rules place ${percent(category.accuracy, 0)} of held-out stores right`;
  $("rules").replaceChildren(
    make("h3", {}, "Rules"),
    make("p", { class: category.sketch ? "note" : "soft" },
      `${right}${category.sketch ? ": only a sketch" : ""}.`),
    make("ul", { class: "rules" }, ...category.rules.map((rule) => make("li", {},
      make("strong", {}, rule.code), ` ${rule.conditions} `,
      make("span", { class: "soft" }, `(${whole.format(rule.stores)} stores, ${percent(rule.right, 0)} right)`)))));
}

// Map

function showMap() {
  const known = data.stores.id.map((id, i) => [i, places.get(id)])
    .filter(([i, place]) => place && place.longitude !== null && data.stores.cluster[i] >= 0);
  $("map-section").hidden = known.length === 0;
  if (known.length === 0) return;
  const latitudes = known.map(([, place]) => place.latitude);
  const middle = (Math.min(...latitudes) + Math.max(...latitudes)) / 2;
  const squeeze = Math.cos(middle * Math.PI / 180);
  const points = known.map(([i, place]) => [i, place.longitude * squeeze, -place.latitude]);
  const low = [1, 2].map((axis) => Math.min(...points.map((point) => point[axis])));
  const high = [1, 2].map((axis) => Math.max(...points.map((point) => point[axis])));
  const size = Math.max(high[0] - low[0], high[1] - low[1]) || 1;
  const scale = 960 / size;
  const mark = known.length > 1000 ? 0.45 : 0.75;
  const width = (high[0] - low[0]) * scale + 40, height = (high[1] - low[1]) * scale + 40;
  const marks = points.map(([i, x, y]) => {
    const number = data.stores.cluster[i], id = data.stores.id[i];
    const left = (x - low[0]) * scale + 20 - 10 * mark, top = (y - low[1]) * scale + 20 - 10 * mark;
    return make("path", {
      svg: true, class: "mark", d: SHAPES[(number + Math.floor(number / COLOURS.length)) % SHAPES.length],
      fill: COLOURS[number % COLOURS.length], stroke: "var(--card)",
      transform: `translate(${left.toFixed(1)} ${top.toFixed(1)}) scale(${mark})`,
      onclick: () => openStore(id),
    }, make("title", { svg: true }, `${nameOf(id)}: ${category.clusters[number].code}`));
  });
  $("map").replaceChildren(make("svg", {
    viewBox: `0 0 ${width.toFixed(0)} ${height.toFixed(0)}`, role: "img",
    "aria-label": `Map of ${whole.format(points.length)} stores by cluster; the table below lists them`,
  }, ...marks));
  $("legend").replaceChildren(...category.clusters.map((cluster, number) =>
    make("span", {}, symbol(number), ` ${cluster.code} ${cluster.name}`)));
}

// Stores

const place = (id) => places.get(id) || { name: null, region: null };
const nameOf = (id) => place(id).name ? `${place(id).name} (${id})` : id;

function columns() {
  const all = [["Store", (i) => data.stores.id[i]]];
  if (index.names) all.push(["Name", (i) => place(data.stores.id[i]).name || ""]);
  if (index.regions.length) all.push(["Region", (i) => place(data.stores.id[i]).region || ""]);
  all.push(
    ["Cluster", (i) => code(data.stores.cluster[i])],
    ["What it is", (i) => data.stores.cluster[i] < 0 ? "" : category.clusters[data.stores.cluster[i]].name],
    ["Confidence", (i) => data.stores.confidence[i]],
    ["Next best", (i) => code(data.stores.next[i])],
    ["Sales", (i) => data.stores.sales[i]]);
  if (data.stores.tier.some((tier) => tier)) all.push(["Tier", (i) => data.stores.tier[i] || ""]);
  all.push(["Status", (i) => words(data.stores.status[i])]);
  return all;
}

const code = (number) => number < 0 ? "" : category.clusters[number].code;

function wanted(i) {
  const cluster = $("cluster-filter").value, region = $("region-filter").value;
  return (!cluster || code(data.stores.cluster[i]) === cluster)
    && (!region || place(data.stores.id[i]).region === region);
}

const escaped = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const SHOWN_AS = {
  Store: (value) => `<button type="button" class="link">${escaped(value)}</button>`,
  Confidence: (value) => value === null ? "" : value.toFixed(2),
  Sales: (value) => whole.format(Math.round(value)),
};

function showStores() {
  const shown = columns();
  if (table) table.destroy();
  const element = make("table", { class: "display", "aria-label": "Stores" });
  $("stores").replaceChildren(element);
  const rows = data.stores.id.map((_, i) => [...shown.map(([, value]) => value(i)), i]);
  table = new window.DataTable(element, {
    data: rows,
    columns: shown.map(([title], i) => ({
      title, data: i,
      className: ["Confidence", "Sales"].includes(title) ? "number" : "dt-left",
      render: (value, use) => use === "display" ? (SHOWN_AS[title] || escaped)(value) : value,
    })),
    deferRender: true, pageLength: 15, lengthMenu: [15, 50, 200], order: [],
    autoWidth: false,
    language: { search: "Search stores", lengthMenu: "Show _MENU_ stores", info: "_START_ to _END_ of _TOTAL_ stores", infoFiltered: "(of _MAX_)", infoEmpty: "no store", zeroRecords: "No store is like that." },
  });
  element.addEventListener("click", (event) => {
    if (event.target.matches("button.link")) openStore(event.target.textContent);
  });
}

window.DataTable.ext.search.push((settings, values, i, row) => wanted(row[row.length - 1]));

function showCluster(value) {
  $("cluster-filter").value = value;
  table.draw();
  $("stores").scrollIntoView();
  $("stores").focus({ preventScroll: true });
}

function options(select, values, all) {
  select.replaceChildren(make("option", { value: "" }, all),
    ...values.map(([value, text]) => make("option", { value }, text)));
}

// A spreadsheet takes text that begins like this for a formula.
const safe = (value) => typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
const cell = (value) => /[",\n\r]/.test(String(value ?? "")) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? "");

function download() {
  const extra = [["Reasons", "reasons"], ["Against", "against"], ["Tips", "tip"], ["Unusual", "unusual"], ["Moved", "folded"]];
  const shown = [...columns(), ...extra.map(([title, name]) => [title, (i) => data.stores[name][i]])];
  const rows = table.rows({ search: "applied" }).data().toArray().map((row) => row[row.length - 1]);
  const lines = [["Category", ...shown.map(([title]) => title)],
    ...rows.map((i) => [category.name, ...shown.map(([, value]) => value(i))])];
  const text = lines.map((line) => line.map((value) => cell(safe(value))).join(",")).join("\r\n") + "\r\n";
  const link = make("a", {
    href: URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" })),
    download: `stores ${category.name}.csv`.replace(/[^\p{L}\p{N} ._-]/gu, ""),
  });
  link.click();
  URL.revokeObjectURL(link.href);
}

// One store

function list(text) {
  return text ? make("ul", {}, ...text.split("; ").map((item) => make("li", {}, item))) : null;
}

function tipOf(i, next) {
  if (data.stores.tip[i]) return `It would be as near to ${next} if ${data.stores.tip[i]}.`;
  return data.stores.nearer[i] ? "No change of one number or share alone, within what stores of the chain show."
    : `Nothing has to change: it is no nearer to its cluster than to ${next}.`;
}

function openStore(id) {
  const i = data.stores.id.indexOf(id), stores = data.stores;
  if (i < 0) return;
  const own = category.clusters[stores.cluster[i]], next = category.clusters[stores.next[i]];
  const similar = [1, 2, 3].map((n) => stores[`similar_${n}`][i]).filter((other) => other !== null);
  const facts = [
    ["Cluster", own ? `${own.code}: ${own.name}` : `none: ${words(stores.status[i])}`],
    ["Confidence", stores.confidence[i] === null ? null : stores.confidence[i].toFixed(2)],
    ["Why here", list(stores.reasons[i]) || (own && next ? `In no feature clearly nearer to its cluster than to ${next.code}.` : null)],
    ["Next best", next ? `${next.code}: ${next.name}` : null],
    ["What speaks for that", list(stores.against[i])],
    ["What would tip it", own && next ? tipOf(i, next.code) : null],
    ["Most similar", similar.length ? make("span", {}, ...similar.flatMap((other, n) => [n ? ", " : "",
      make("button", { type: "button", class: "link", onclick: () => openStore(other) }, nameOf(other))])) : null],
    ["Unusual", list(stores.unusual[i])],
    ["Moved", stores.folded[i]],
    ["Sales", whole.format(Math.round(stores.sales[i])) + (stores.tier[i] ? `, ${stores.tier[i]}` : "")],
    ["Region", place(id).region],
    ["Status", words(stores.status[i])],
  ].filter(([, value]) => value !== null && value !== undefined);
  const dialog = $("store");
  dialog.replaceChildren(
    make("header", {}, make("h2", { id: "store-title" }, nameOf(id)),
      make("button", { type: "button", onclick: () => dialog.close() }, "Close")),
    make("p", { class: "soft" }, category.name),
    make("dl", {}, ...facts.flatMap(([title, value]) => [make("dt", {}, title), make("dd", {}, value)])),
    own && next ? make("p", { class: "soft" }, "Clusters are quoted as on their cards: the share of all their sales, else the mean or share of their stores.") : null);
  if (!dialog.open) dialog.showModal();
  setAddress(id);
}

// The address

function setAddress(store) {
  const parts = new URLSearchParams({ category: category.name, ...(store ? { store } : {}) });
  history.replaceState(null, "", `#${parts}`);
}

async function follow() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const number = Math.max(0, index.categories.findIndex((each) => each.name === asked.get("category")));
  await show(number);
  if (asked.get("store")) openStore(asked.get("store"));
}

async function show(number) {
  category = index.categories[number];
  data = await unpack(number);
  $("category").value = String(number);
  options($("cluster-filter"), category.clusters.map(({ code: value, name }) => [value, `${value} ${name}`]), "all");
  showClusters();
  showMap();
  showStores();
  setAddress();
  document.body.dataset.ready = category.name;
}

async function start() {
  document.documentElement.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);
  $("facts").textContent = `${whole.format(index.stores)} stores, ${index.categories.length} categories, `
    + `sales of ${whole.format(Math.round(index.sales))} in clusters.`;
  options($("category"), index.categories.map((each, i) => [String(i), each.name]), "");
  $("category").firstChild.remove();
  const found = await unpack(index.categories.length);
  places = new Map(found.id.map((id, i) => [id, { name: found.name[i], region: found.region[i], latitude: found.latitude[i], longitude: found.longitude[i] }]));
  options($("region-filter"), index.regions.map((region) => [region, region]), "all");
  $("region-label").hidden = index.regions.length === 0;
  $("category").addEventListener("change", (event) => show(Number(event.target.value)));
  $("cluster-filter").addEventListener("change", () => table.draw());
  $("region-filter").addEventListener("change", () => table.draw());
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("download").addEventListener("click", download);
  $("store").addEventListener("close", () => setAddress());
  window.addEventListener("hashchange", follow);
  await follow();
}

start();
