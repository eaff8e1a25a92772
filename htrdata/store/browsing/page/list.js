// A list of any length of which only what is seen is in the document: words in rows of cards, fetched in blocks.

const CARD = { width: 190, height: 122 };   // pixels, with what is between them
const BLOCK = 200;                          // words that are asked for at once
const TALLEST = 8_000_000;                  // pixels: browsers end somewhere above it
const BLOCKS = 60;                          // that are remembered

export class WordList {
  // `ask(first, count, signal)` gives {total, columns}; `draw(card, word)` fills a card, `null` while it is loading.
  constructor(box, space, { ask, draw, chosen }) {
    Object.assign(this, { box, space, ask, draw, onChosen: chosen });
    this.cards = new Map();
    this.blocks = new Map();
    this.waiting = new Map();
    this.total = 0; this.top = 0; this.seen = 0; this.at = -1; this.generation = 0;
    box.addEventListener("scroll", () => this.scrolled(), { passive: true });
    box.addEventListener("click", (event) => {
      const card = event.target.closest(".word");
      if (card) this.choose(Number(card.dataset.place));
    });
    new ResizeObserver(() => this.resized()).observe(box);
  }

  get columns() { return Math.max(1, Math.floor(this.box.clientWidth / CARD.width)); }
  get rows() { return Math.ceil(this.total / this.columns); }
  get height() { return this.rows * CARD.height; }                       // as if all of it were there
  get furthest() { return Math.max(0, this.height - this.box.clientHeight); }
  get barEnd() { return Math.max(1, this.space.offsetHeight - this.box.clientHeight); }

  // New words: all that was known of the old ones goes.
  reset(total, keep = null) {
    this.generation += 1;
    for (const control of this.waiting.values()) control.abort();
    this.waiting.clear(); this.blocks.clear();
    for (const card of this.cards.values()) card.remove();
    this.cards.clear();
    this.total = total; this.at = -1; this.top = 0;
    this.resized();
    this.setTop(0);
    if (keep !== null && total) this.choose(keep); else this.box.removeAttribute("aria-activedescendant");
  }

  resized() {
    const place = this.at >= 0 ? this.at : Math.floor(this.top / CARD.height) * (this.lastColumns ?? this.columns);
    this.lastColumns = this.columns;
    this.space.style.height = `${Math.min(this.height, TALLEST)}px`;
    if (this.total) this.setTop(Math.min(Math.floor(place / this.columns) * CARD.height, this.furthest));
    this.render();
  }

  // A small step moves by as many pixels as the wheel says; a large one is somebody who drags the bar.
  scrolled() {
    if (this.box.scrollTop === this.seen) return;
    const step = this.box.scrollTop - this.seen, far = this.height > TALLEST;
    this.seen = this.box.scrollTop;
    if (!far) this.top = this.seen;
    else if (this.seen <= 0) this.top = 0;
    else if (this.seen >= this.barEnd - 1) this.top = this.furthest;
    else if (Math.abs(step) < this.box.clientHeight * 2) this.top = Math.min(this.furthest, Math.max(0, this.top + step));
    else this.top = this.seen / this.barEnd * this.furthest;
    this.later();
    clearTimeout(this.settle);
    this.settle = setTimeout(() => this.setTop(this.top), 200);   // the bar stands where the words are
  }

  setTop(top) {
    this.top = Math.max(0, Math.min(top, this.furthest));
    const bar = this.height > TALLEST ? this.top / Math.max(1, this.furthest) * this.barEnd : this.top;
    this.box.scrollTop = bar;
    this.seen = this.box.scrollTop;
    this.later();
  }

  later() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => { this.frame = 0; this.render(); });
  }

  render() {
    const columns = this.columns, first = Math.floor(this.top / CARD.height) * columns;
    const last = Math.min(this.total, (Math.ceil((this.top + this.box.clientHeight) / CARD.height) + 1) * columns);
    for (const [place, card] of this.cards) {
      if (place < first || place >= last) { card.remove(); this.cards.delete(place); }
    }
    const width = Math.floor(this.box.clientWidth / columns), shift = this.seen - this.top, fresh = document.createDocumentFragment();
    for (let place = first; place < last; place += 1) {
      let card = this.cards.get(place);
      if (!card) { card = this.newCard(place); this.cards.set(place, card); fresh.append(card); }
      if (!card.filled) this.fill(card, place);
      card.style.transform = `translate(${(place % columns) * width}px, ${Math.floor(place / columns) * CARD.height + shift}px)`;
      card.style.width = `${width - 8}px`; card.style.height = `${CARD.height - 8}px`;
    }
    this.box.append(fresh);
    this.want(first, last);
    this.mark();
  }

  newCard(place) {
    const card = document.createElement("div");
    card.className = "word"; card.id = `word-${place}`; card.dataset.place = place;
    card.setAttribute("role", "option");
    card.setAttribute("aria-posinset", place + 1); card.setAttribute("aria-setsize", this.total);
    card.setAttribute("aria-selected", "false");
    return card;
  }

  fill(card, place) { const word = this.word(place); this.draw(card, word); card.filled = word !== null; }

  mark() {
    for (const [place, card] of this.cards) card.setAttribute("aria-selected", String(place === this.at));
    if (this.cards.has(this.at)) this.box.setAttribute("aria-activedescendant", `word-${this.at}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  // What is known of a word by its place, or null.
  word(place) {
    const columns = this.blocks.get(Math.floor(place / BLOCK));
    if (!columns) return null;
    const within = place % BLOCK;
    return within < columns.row.length ? Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[within]])) : null;
  }

  want(first, last) {
    const wanted = new Set();
    for (let block = Math.floor(first / BLOCK); block * BLOCK < last; block += 1) wanted.add(block);
    for (const [block, control] of this.waiting) if (!wanted.has(block)) { control.abort(); this.waiting.delete(block); }
    for (const block of wanted) if (!this.blocks.has(block) && !this.waiting.has(block)) this.fetchBlock(block);
  }

  async fetchBlock(block) {
    const control = new AbortController(), generation = this.generation;
    this.waiting.set(block, control);
    await new Promise((done) => setTimeout(done, 30));             // whoever flies past does not ask
    if (control.signal.aborted) return;
    try {
      const found = await this.ask(block * BLOCK, BLOCK, control.signal);
      if (generation !== this.generation) return;
      this.blocks.set(block, found.columns);
      if (this.blocks.size > BLOCKS) this.blocks.delete(this.blocks.keys().next().value);
      this.later();
      if (Math.floor(this.at / BLOCK) === block) this.onChosen(this.word(this.at), this.at);
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    } finally {
      if (this.waiting.get(block) === control) this.waiting.delete(block);
    }
  }

  // Goes to a word, which is then seen whole.
  choose(place) {
    if (!this.total) return;
    this.at = Math.max(0, Math.min(place, this.total - 1));
    const upper = Math.floor(this.at / this.columns) * CARD.height, lower = upper + CARD.height - this.box.clientHeight;
    if (this.top > upper) this.setTop(upper); else if (this.top < lower) this.setTop(lower);
    this.render();
    this.onChosen(this.word(this.at), this.at);
  }

  move(key) {
    const columns = this.columns, page = Math.max(1, Math.floor(this.box.clientHeight / CARD.height)) * columns;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -page, PageDown: page };
    if (key === "Home") this.choose(0);
    else if (key === "End") this.choose(this.total - 1);
    else if (key in steps) { if (this.at < 0) this.choose(Math.floor(this.top / CARD.height) * columns); else if (this.at + steps[key] >= 0 || Math.abs(steps[key]) > columns) this.choose(this.at + steps[key]); }
    else return false;
    return true;
  }

  // A correction has changed some words: they are drawn anew.
  changed(id, now) {
    for (const columns of this.blocks.values()) columns.id.forEach((one, place) => { if (one === id) columns.now[place] = now; });
    for (const card of this.cards.values()) card.filled = false;
    this.later();
  }
}
