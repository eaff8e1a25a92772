// The chosen word: its picture, its label to correct, the page around it, and all that is known of it.

const byId = (id) => document.getElementById(id);
const NAMES = { source_text: "transcription", text: "label in the store", corrected_text: "corrected when it was built", image_sha256: "SHA-256 of the image", outside: "outside of the page" };
const SHOWS = ["near", "line", "page"];

export class Detail {
  constructor({ get, hasPicture }) {
    this.get = get; this.hasPicture = hasPicture; this.row = null; this.word = null; this.show = "near";
    for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => this.showing(button.dataset.show));
    byId("picture").addEventListener("error", () => { byId("picture").hidden = true; byId("no-picture").hidden = false; });
  }

  // Shows a word of the list at once, and, a moment later, all of it.
  choose(word) {
    if (word === null || word.row === this.row) return;
    this.row = word.row; this.word = null; this.reading = word.reading ?? null;
    byId("nothing").hidden = true; byId("chosen").hidden = false; byId("refused").textContent = "";
    byId("label").value = word.now ?? word.label ?? "";
    const there = this.hasPicture(word);
    byId("picture").hidden = !there; byId("no-picture").hidden = there;
    if (there) byId("picture").src = `image/${word.row}`; else byId("picture").removeAttribute("src");
    byId("picture").alt = `Picture of the word labelled ${word.label ?? ""}`;
    byId("no-picture").textContent = word.reason ? `No picture: the word was dropped (${word.reason}), and its page is not at hand.` : "There is no picture.";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), 120);
  }

  async refresh() {
    const row = this.row;
    if (row === null) return;
    const word = await this.get(`word/${row}`);
    if (row !== this.row) return;
    this.word = word;
    if (document.activeElement !== byId("label")) byId("label").value = word.changed ? word.now : word.known.text ?? word.known.source_text;
    byId("flag").textContent = word.changed && word.now === "" ? "Flagged" : "Flag";
    this.list(word);
    byId("page-part").hidden = !word.page;
    if (word.page) byId("page").src = `page/${row}?show=${this.show}`;
  }

  list(word) {
    const known = { ...(word.changed ? { "in your corrections": word.now === "" ? "flagged: builds leave it out" : word.now } : {}), ...word.known };
    byId("known").replaceChildren(...Object.entries(known).flatMap(([name, value]) => {
      const term = document.createElement("dt"), text = document.createElement("dd");
      term.textContent = NAMES[name] ?? name.replaceAll("_", " ");
      text.textContent = value !== null && typeof value === "object" ? Object.entries(value).map(([side, size]) => `${side} ${size}`).join(", ") : value;
      return [term, text];
    }));
  }

  showing(show) {
    this.show = show;
    for (const button of document.querySelectorAll("[data-show]")) button.setAttribute("aria-pressed", String(button.dataset.show === show));
    if (this.word?.page) byId("page").src = `page/${this.row}?show=${show}`;
  }

  zoom() { this.showing(SHOWS[(SHOWS.indexOf(this.show) + 1) % SHOWS.length]); }
}
