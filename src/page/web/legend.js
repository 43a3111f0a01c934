// What the colours mean. A label's entry makes its points stand out.
import { colourOf, scaleGradient, shapeOf } from "./colours.js";
import { byId, counted, figures, make } from "./element.js";
import { traceShape } from "./shapes.js";

const MOST_ENTRIES = 60;

function swatch(theme, label) {
  const side = 16;
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const canvas = make("canvas", { width: side * ratio, height: side * ratio });
  const context = canvas.getContext("2d");
  context.fillStyle = colourOf(theme, label);
  traceShape(context, shapeOf(label), (side * ratio) / 2, (side * ratio) / 2, 6.5 * ratio);
  context.fill();
  return canvas;
}

/** How many points each label has. */
export function labelCounts(data) {
  const counts = new Uint32Array(data.names.length);
  for (const label of data.labels) ++counts[label];
  return counts;
}

export class Legend {
  constructor(data, state) {
    Object.assign(this, { data, state });
    this.counts = data.labels ? labelCounts(data) : null;
    state.on(["theme", "colouring", "label"], () => this.draw());
    this.draw();
  }

  draw() {
    const { data, state } = this;
    const focused = document.activeElement?.dataset?.label;
    const parts = [];
    if (state.colouring.value) parts.push(this.#scale());
    if (data.labels) parts.push(...this.#entries());
    byId("legend").replaceChildren(...parts);
    if (focused !== undefined) byId("legend").querySelector(`[data-label="${focused}"]`)?.focus();
  }

  #scale() {
    const bar = make("span", { className: "scale" });
    bar.style.background = scaleGradient(this.state.theme);
    return make("span", { className: "scale-entry" }, ...this.#ends(bar));
  }

  #ends(bar) {
    if (this.state.colouring.name === "quality") return ["0 %", bar, "100 % of neighbours kept"];
    const { levels, at } = this.data.errors;
    const sorted = levels.slice().sort();
    const value = (share) => {
      const level = sorted[Math.round(share * (sorted.length - 1))];
      return figures(at(levels.indexOf(level)));
    };
    return [value(0), bar, value(1), ` (half below ${value(0.5)})`];
  }

  #entries() {
    const { data, state } = this;
    const order = [...this.counts.keys()];
    if (order.length > MOST_ENTRIES) order.sort((a, b) => this.counts[b] - this.counts[a]);
    const entries = order.slice(0, MOST_ENTRIES).map((label) => {
      const button = make(
        "button",
        { type: "button", className: "entry", title: `${counted(this.counts[label])} points` },
        ...(state.colouring.value ? [] : [swatch(state.theme, label)]),
        make("span", { textContent: data.names[label] }),
      );
      button.dataset.label = label;
      button.setAttribute("aria-pressed", state.label === label);
      button.addEventListener("click", () =>
        state.set({ label: state.label === label ? null : label }),
      );
      return button;
    });
    const left = order.length - entries.length;
    if (left > 0) entries.push(make("span", { textContent: `and ${counted(left)} more` }));
    return entries;
  }
}
