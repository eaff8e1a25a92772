// The page: filters, the list, the chosen word, corrections and keys.

import { WordList } from "./list.js";
import { Detail } from "./detail.js";

const byId = (id) => document.getElementById(id);
const filters = byId("filters"), label = byId("label"), box = byId("list");
const number = new Intl.NumberFormat("en");

async function get(address, options) {
  const answer = await fetch(address, options), found = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(found.error), { refused: true });
  return found;
}

function wanted() {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(filters)) if (value !== "") asked.set(name, value);
  return asked;
}

const hasPicture = (word) => !word.reason || about.pages;   // dropped words have none but that on their page
const detail = new Detail({ get, hasPicture });
const list = new WordList(box, byId("space"), {
  ask: (first, count, signal) => get(`words?${new URLSearchParams([...wanted(), ["first", first], ["count", count]])}`, { signal }),
  draw: drawCard,
  chosen: (word) => detail.choose(word),
});

function drawCard(card, word) {
  if (word === null) { card.replaceChildren(); card.setAttribute("aria-label", "loading"); return; }
  const state = word.now === null ? "" : word.now === "" ? "flagged" : "corrected", text = state === "corrected" ? word.now : word.label ?? "";
  card.className = `word ${state} ${word.reason ? "dropped" : ""}`;
  const ink = part("div", "ink"), name = part("div", "text", text || "∅"), more = part("div", "more");
  name.dir = "auto";
  const nothing = part("span", "", word.reason ? `dropped: ${word.reason}` : "no picture");
  if (hasPicture(word)) {
    const image = document.createElement("img");
    image.alt = ""; image.decoding = "async";
    image.addEventListener("error", () => image.replaceWith(nothing));
    image.src = `image/${word.row}`;
    ink.append(image);
  } else ink.append(nothing);
  const facts = [word.rank != null ? `#${word.rank}` : "", word.kind ?? "", state, word.reason ? `dropped: ${word.reason}` : ""].filter(Boolean);
  if (word.reading != null) {
    const sure = word.confidence != null ? ` ${Math.round(word.confidence * 100)} %` : "";
    more.append(part("span", word.reading === text ? "" : "differs", `${word.reading === text ? "=" : "≠ " + (word.reading || "∅")}${sure}`), " ");
  }
  more.append(facts.join(" · ") || (word.reading == null ? `${word.split} · ${word.id}` : word.split));
  card.replaceChildren(ink, name, more);
  card.setAttribute("aria-label", [text || "no label", ...facts, word.reading != null && word.reading !== text ? `read as ${word.reading || "nothing"}` : ""].filter(Boolean).join(", "));
}

function part(kind, name, text = "") { const made = document.createElement(kind); made.className = name; made.textContent = text; return made; }

let asking = null;
async function search(keep = null) {
  asking?.abort();
  const control = asking = new AbortController(), asked = wanted();
  byId("status").textContent = "Looking …";
  try {
    const extra = keep === null ? [] : [["around", keep]];
    const found = await get(`words?${new URLSearchParams([...asked, ["count", 0], ...extra])}`, { signal: control.signal });
    byId("fault").textContent = "";
    list.reset(found.total, found.place ?? null);
    byId("status").textContent = `${number.format(found.total)} of ${number.format(about.words)} words`;
    for (const name of ["first", "count"]) asked.delete(name);
    history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!error.refused) { byId("status").textContent = "The server has gone: start htrdata browse again."; return; }
    byId("fault").textContent = error.message;
    byId("status").textContent = "The filter is not understood.";
  }
}

let typing = 0;
filters.addEventListener("input", (event) => { clearTimeout(typing); typing = setTimeout(() => search(), event.target.matches("select, [type=checkbox]") ? 0 : 250); });
filters.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(typing); search(); });
filters.addEventListener("reset", () => setTimeout(() => search(detail.row)));

function said(corrections) {
  byId("undo").disabled = !corrections.lines;
  const { words, flagged, file } = corrections;
  byId("saved").textContent = words ? `${number.format(words - flagged)} corrected, ${number.format(flagged)} flagged, in ${file}` : `Corrections go to ${file}`;
}

async function change(address, options, what) {
  byId("refused").textContent = "";
  try {
    const { corrections, line } = await get(address, { method: "POST", ...options });
    said(corrections);
    if (line) list.changed(line.id, line.now);
    byId("status").textContent = what(line);
    await detail.refresh();
    return true;
  } catch (error) {
    byId("refused").textContent = error.refused ? error.message : "The server has gone: nothing was saved.";
    return false;
  }
}

function correct(text) {
  if (detail.row === null) return Promise.resolve(false);
  return change(`correct/${detail.row}`, { body: JSON.stringify({ new: text }) },
    (line) => line.new === "" ? `Flagged: ${line.old}` : `Corrected: ${line.old || "∅"} is now ${line.new}`);
}
const undo = () => change("undo", {}, (line) => line === null ? "There is nothing to undo." : `Undone: ${line.id} is ${line.old || "∅"} again`);

byId("correct").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (label.value.trim() === "") { byId("refused").textContent = "A label has letters. To leave the word out, flag it."; return; }
  if (await correct(label.value)) { box.focus(); list.choose(list.at + 1); }
});
byId("flag").addEventListener("click", () => correct(""));
byId("undo").addEventListener("click", undo);
byId("help-button").addEventListener("click", () => byId("help").showModal());

const KEYS = {
  Enter: () => { label.focus(); label.select(); },
  f: () => correct(""),
  a: () => { if (detail.reading !== null) correct(detail.reading); },
  u: undo,
  z: () => detail.zoom(),
  "/": () => { byId("filter-details").open = true; filters.elements.text.focus(); },
  "?": () => byId("help").showModal(),
};
document.addEventListener("keydown", (event) => {
  const typed = event.target.matches("input, select, textarea"), onButton = event.target.matches("button, summary");
  if (byId("help").open || event.altKey || event.metaKey) return;
  if (event.key === "Escape" && typed) { detail.refresh(); box.focus(); return; }
  if (event.ctrlKey) { if (event.key === "z" && !typed) { event.preventDefault(); undo(); } return; }
  if (typed || (onButton && ["Enter", " "].includes(event.key))) return;
  if (list.move(event.key) || (event.key in KEYS && (KEYS[event.key](), true))) event.preventDefault();
});

function choices(select, counts) {
  for (const [name, count] of Object.entries(counts)) select.add(new Option(`${name} (${number.format(count)})`, name));
}

const about = await get("about");
document.title = `${about.name}: words`;
byId("name").textContent = about.name;
choices(filters.elements.split, about.splits);
if (Object.keys(about.reasons).length) filters.elements.reason.add(new Option(`dropped (${number.format(about.words - about.kept)})`, "dropped"));
choices(filters.elements.reason, about.reasons);
choices(filters.elements.kind, about.kinds);
byId("writers").append(...Object.keys(about.writers).map((writer) => new Option("", writer)));
filters.elements.writer.closest("label").hidden = !about.count_of_writers;
for (const [name, there] of [["readings", about.readings], ["confidences", about.confidences], ["audit", about.audited]]) {
  for (const one of document.querySelectorAll(`.needs-${name}`)) { if (one.tagName === "OPTION" && !there) one.remove(); else one.hidden = !there; }
}
if (about.audited) filters.elements.order.value = "rank";
for (const [name, value] of new URLSearchParams(location.search)) {
  const field = filters.elements[name];
  if (field?.type === "checkbox") field.checked = value === field.value; else if (field) field.value = value;
}
if (matchMedia("(max-width: 900px)").matches) byId("filter-details").open = false;
said(about.corrections);
await search();
box.focus();
