// What the pages do in a browser beside htmx: single-key shortcuts, maps, the place field, small conveniences.
// Everything works without it too, by ordinary links and forms.
"use strict";

const byKey = (key) => document.querySelector(`[data-key="${key}"]`);
const shortcuts = document.body.dataset.shortcuts === "yes";
const typing = (element) => element.matches("input, textarea, select, [contenteditable]");

// ---------------------------------------------------------------- keyboard

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest("form");
    if (form) { event.preventDefault(); form.requestSubmit(); }
    return;
  }
  if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
  if (!shortcuts || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const focused = document.querySelector(`[data-focus="${CSS.escape(event.key)}"]`);
  if (focused) { event.preventDefault(); focused.focus(); focused.scrollIntoView({ block: "center" }); return; }
  const button = byKey(CSS.escape(event.key));
  if (button) { event.preventDefault(); button.click(); return; }
  if (event.key === "j" || event.key === "k") { event.preventDefault(); step(event.key === "j" ? 1 : -1); }
  if (event.key === "?") document.getElementById("keys").showModal();
  if (event.key === "/") {
    event.preventDefault();
    const search = document.querySelector('input[type="search"]');
    if (search) search.focus(); else location.href = `${document.body.dataset.mount}/conversations?focus=search`;
  }
});

function step(by) {
  const links = [...document.querySelectorAll("[data-list] > li")].map((li) => li.querySelector("a")).filter(Boolean);
  const now = links.indexOf(document.activeElement);
  const next = links[now < 0 && by > 0 ? 0 : Math.min(links.length - 1, Math.max(0, now + by))];
  if (next) { next.focus(); next.scrollIntoView({ block: "nearest" }); }
}

// ---------------------------------------------------------------- small things

const menu = document.querySelector("details.menu");
if (menu && matchMedia("(max-width: 48rem)").matches) menu.open = false;

const toast = document.querySelector(".toast[data-seconds]");
if (toast) setTimeout(() => { toast.hidden = true; }, 1000 * Math.max(4, Number(toast.dataset.seconds)));

for (const select of document.querySelectorAll("[data-fills]")) {
  select.addEventListener("change", () => {
    const field = document.getElementById(select.dataset.fills);
    if (select.value) { field.value = select.value; field.focus(); select.selectedIndex = 0; }
  });
}
for (const select of document.querySelectorAll("[data-submits]")) {
  select.addEventListener("change", () => select.form.requestSubmit());
}
if (new URLSearchParams(location.search).get("focus") === "search") {
  document.querySelector('input[type="search"]')?.focus();
}
const talk = document.querySelector("ol.talk");
if (talk) { talk.tabIndex = 0; talk.scrollTop = talk.scrollHeight; }
document.addEventListener("htmx:afterSwap", (event) => {
  const list = event.target.matches?.("ol.talk") ? event.target : event.target.querySelector?.("ol.talk");
  if (list) { list.tabIndex = 0; list.scrollTop = list.scrollHeight; }
});

// ---------------------------------------------------------------- maps

const NOWHERE = [[24, -125], [49, -66]];

function baseMap(element) {
  const map = L.map(element, { attributionControl: Boolean(element.dataset.tiles), keyboard: true });
  if (element.dataset.tiles) {
    const credit = document.createElement("span");
    credit.textContent = element.dataset.credit;
    L.tileLayer(element.dataset.tiles, { attribution: credit.innerHTML, maxZoom: 19, referrerPolicy: "origin" }).addTo(map);
  } else {
    element.classList.add("bare");
    L.control.scale().addTo(map);
    map.on("moveend", () => drawStreets(map, element));
  }
  return map;
}

// Without tiles: the city's streets as lines, the longest of them named. The view is asked for with a margin and on
// a grid, so that a small move asks for nothing new.
const streetsOf = new WeakMap();

async function drawStreets(map, element) {
  const b = map.getBounds();
  const step = 2 ** Math.ceil(Math.log2(Math.max(b.getNorth() - b.getSouth(), b.getEast() - b.getWest(), 0.001)));
  const box = [Math.floor(b.getSouth() / step) * step, Math.floor(b.getWest() / step) * step, Math.ceil(b.getNorth() / step) * step, Math.ceil(b.getEast() / step) * step].map((n) => n.toFixed(5)).join(",");
  let known = streetsOf.get(map);
  if (!known || known.box !== box) {
    const url = element.dataset.streets;
    const drawn = await fetched(`${url}${url.includes("?") ? "&" : "?"}box=${box}`);
    if (!drawn) return;
    known?.layer.remove();
    known = { box, lines: drawn.lines, layer: L.layerGroup().addTo(map), names: L.layerGroup().addTo(map) };
    streetsOf.get(map)?.names.remove();
    streetsOf.set(map, known);
    for (const ring of drawn.outline) known.layer.addLayer(L.polygon(ring, { className: "outline", interactive: false, fill: false }));
    const smooth = { className: "street", interactive: false, smoothFactor: 0.5 };
    for (const [, line] of drawn.lines) known.layer.addLayer(L.polyline(line, smooth));
  }
  nameStreets(map, known);
}

// A name stands on the longest piece of its street that is seen, where no other name is near.
function nameStreets(map, known) {
  known.names.clearLayers();
  const taken = [], named = new Set(), view = L.bounds([0, 0], map.getSize());
  for (const [name, line] of known.lines) {
    if (named.has(name)) continue;
    const points = line.map((point) => map.latLngToContainerPoint(point));
    const pieces = points.slice(1).map((point, n) => L.LineUtil.clipSegment(points[n], point, view)).filter(Boolean);
    const [from, to] = pieces.reduce((best, piece) => piece[0].distanceTo(piece[1]) > best[0].distanceTo(best[1]) ? piece : best, [L.point(0, 0), L.point(0, 0)]);
    const free = (at) => !taken.some((other) => Math.abs(other.x - at.x) < 90 && Math.abs(other.y - at.y) < 22);
    const at = [0.5, 0.25, 0.75].map((share) => from.add(to.subtract(from).multiplyBy(share))).find(free);
    if (from.distanceTo(to) < 50 || !at) continue;
    taken.push(at); named.add(name);
    const text = document.createElement("span");
    text.textContent = name;
    known.names.addLayer(L.marker(map.containerPointToLatLng(at), { icon: L.divIcon({ className: "street-name", html: text, iconSize: [0, 0] }), interactive: false, keyboard: false, zIndexOffset: -1000 }));
    if (named.size === 24) return;
  }
}

async function fetched(url) {
  const answer = await fetch(url, { headers: { "hx-request": "true" } });
  return answer.ok ? answer.json() : null;
}

async function around(map, element) {
  const box = element.dataset.around ? await fetched(element.dataset.around) : null;
  map.fitBounds(box ? [[box[0], box[1]], [box[2], box[3]]] : NOWHERE, { maxZoom: 16 });
}

function dot(kind, size = 14) {
  return L.divIcon({ className: `dot ${kind}`, iconSize: [size, size] });
}

function pickMap(element) {
  const form = element.closest("form");
  const map = baseMap(element);
  let marker = null;
  const put = (lat, long, zoom) => {
    form.lat.value = lat; form.long.value = long;
    if (marker) marker.setLatLng([lat, long]); else marker = L.marker([lat, long], { icon: dot("open", 18), keyboard: false, alt: "The place" }).addTo(map);
    map.setView([lat, long], zoom ?? map.getZoom());
  };
  if (element.dataset.lat) put(Number(element.dataset.lat), Number(element.dataset.long), 16);
  else around(map, element);
  map.on("click", async (event) => {
    put(event.latlng.lat.toFixed(6), event.latlng.lng.toFixed(6));
    const known = await fetched(`${form.address.dataset.places}&lat=${form.lat.value}&long=${form.long.value}`);
    if (known && known.length) form.address.value = known[0].address;
  });
  placeField(form, put);
}

function placeField(form, put) {
  const list = document.getElementById("found");
  let asked = 0;
  form.address.addEventListener("input", () => {
    form.lat.value = form.long.value = "";
    const mine = ++asked;
    setTimeout(async () => {
      if (mine !== asked || form.address.value.trim().length < 3) return;
      const places = await fetched(`${form.address.dataset.places}&words=${encodeURIComponent(form.address.value)}`);
      if (mine !== asked || !places) return;
      list.replaceChildren(...places.map((place) => {
        const button = document.createElement("button");
        button.type = "button"; button.className = "small secondary";
        button.textContent = place.address;
        button.addEventListener("click", () => {
          form.address.value = place.address; list.replaceChildren();
          if (place.lat !== null) put(place.lat, place.long, 16);
          form.address.focus();
        });
        const item = document.createElement("li");
        item.append(button);
        return item;
      }));
      if (places.length && places[0].lat !== null) put(places[0].lat, places[0].long, 16);
    }, 250);
  });
}

function spotsMap(element) {
  const map = baseMap(element);
  const layer = L.layerGroup().addTo(map);
  const draw = async () => {
    const b = map.getBounds();
    const box = [b.getSouth(), b.getWest(), b.getNorth(), b.getEast()].map((n) => n.toFixed(6)).join(",");
    const spots = await fetched(`${element.dataset.spots}&box=${box}`);
    if (!spots) return;
    layer.clearLayers();
    for (const spot of spots) layer.addLayer(spot.count === 1 && spot.id ? single(spot) : cluster(map, spot));
  };
  map.on("moveend", draw);
  around(map, element);
}

function single(spot) {
  const link = document.createElement("a");
  link.href = `${document.body.dataset.mount}/requests/${spot.id}`;
  link.textContent = spot.label;
  return L.marker([spot.lat, spot.long], { icon: dot(spot.status), title: spot.label, alt: spot.label }).bindPopup(link);
}

function cluster(map, spot) {
  const size = 26 + Math.min(26, 7 * Math.log10(spot.count));
  const icon = L.divIcon({ className: "cluster", iconSize: [size, size], html: document.createTextNode(String(spot.count)).textContent });
  const marker = L.marker([spot.lat, spot.long], { icon, title: `${spot.count} reports`, alt: `${spot.count} reports` });
  return marker.on("click", () => map.setView([spot.lat, spot.long], map.getZoom() + 2));
}

for (const element of document.querySelectorAll("[data-map]")) {
  if (element.dataset.map === "pick") pickMap(element); else spotsMap(element);
}
