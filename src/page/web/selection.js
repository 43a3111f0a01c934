// The points that a lasso caught: how many, which, as a list to take along.
import { byId, counted, download } from "./element.js";

const MOST_SHOWN = 60;

export class Selection {
  constructor(data, state, inspector, say) {
    Object.assign(this, { data, state, inspector, say });
    state.on(["selected"], () => this.show());
    byId("selection-copy").addEventListener("click", () => this.copy());
    byId("selection-save").addEventListener("click", () => {
      download(new Blob([`${this.text()}\n`], { type: "text/plain" }), "indices.txt");
    });
    byId("selection-clear").addEventListener("click", () => state.set({ selected: null }));
  }

  get indices() {
    return this.state.selected ? [...this.state.selected] : [];
  }

  text() {
    return this.indices.join("\n");
  }

  async copy() {
    const text = this.indices.join(", ");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // From a file some browsers allow only this older way.
      const area = Object.assign(document.createElement("textarea"), { value: text });
      byId("selection").append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    this.say(`${counted(this.indices.length)} indices copied`);
  }

  show() {
    const { indices } = this;
    byId("selection").hidden = indices.length === 0;
    if (indices.length === 0) return;
    byId("selection-count").textContent = `${counted(indices.length)} selected`;
    byId("selection-labels").textContent = this.#shares(indices);
    byId("selection-strip").replaceChildren(
      ...indices.slice(0, MOST_SHOWN).map((index) => this.inspector.button(index)),
    );
    this.say(`${counted(indices.length)} points selected`);
  }

  /** "7: 120, 9: 12, 1: 3" */
  #shares(indices) {
    const { data } = this;
    if (!data.labels) return "";
    const counts = new Map();
    for (const index of indices) {
      const label = data.labels[index];
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    const sorted = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 5);
    const words = sorted.map(([label, count]) => `${data.names[label]}: ${counted(count)}`);
    return words.join(" · ") + (counts.size > sorted.length ? " · …" : "");
  }
}
