// Search by index and by label: what is typed is looked for in both.
import { byId, counted, make } from "./element.js";
import { labelCounts } from "./legend.js";

const MOST_LABELS = 6;

export class Search {
  /** actions: go(index), emphasise(label) */
  constructor(data, describe, actions) {
    Object.assign(this, { data, describe, actions });
    this.counts = data.labels ? labelCounts(data) : null;
    this.input = byId("search-text");
    this.input.addEventListener("input", () => this.#list());
    byId("search").addEventListener("submit", (event) => {
      event.preventDefault();
      byId("search-results").querySelector("button")?.click();
    });
    byId("search").addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#close();
    });
    document.addEventListener("pointerdown", (event) => {
      if (!byId("search").contains(event.target)) byId("search-results").hidden = true;
    });
  }

  #close() {
    this.input.value = "";
    this.#list();
    this.input.focus();
  }

  #results(text) {
    const { data, actions } = this;
    const found = [];
    const index = /^#?\d+$/.test(text) ? Number(text.replace("#", "")) : -1;
    if (data.labels && !text.startsWith("#")) {
      const wanted = text.toLowerCase();
      const rank = (name) => (name.toLowerCase() === wanted ? 0 : 1);
      const labels = [...data.names.keys()]
        .filter((label) => data.names[label].toLowerCase().includes(wanted))
        .sort((a, b) => rank(data.names[a]) - rank(data.names[b]));
      for (const label of labels.slice(0, MOST_LABELS)) {
        const words = `Label ${data.names[label]}: ${counted(this.counts[label])} points`;
        found.push([words, () => actions.emphasise(label)]);
      }
    }
    if (index >= 0 && index < data.count) {
      found.push([this.describe(index), () => actions.go(index)]);
    }
    return found;
  }

  #list() {
    const text = this.input.value.trim();
    const found = text === "" ? [] : this.#results(text);
    const rows = found.map(([words, act]) => {
      const button = make("button", { type: "button", textContent: words });
      button.addEventListener("click", () => {
        byId("search-results").hidden = true;
        act();
      });
      return make("li", {}, button);
    });
    if (text !== "" && rows.length === 0) {
      rows.push(make("li", { textContent: `Nothing: points go from 0 to ${this.data.count - 1}` }));
    }
    byId("search-results").replaceChildren(...rows);
    byId("search-results").hidden = rows.length === 0;
  }
}
