// The panel beside the maps: the image under the pointer, what the network makes of it, its code
// and its neighbours; where there is no point, what the decoder draws there.
import { byId, figures, make } from "./element.js";
import { drawCode, drawImage, drawValues } from "./picture.js";

export class Inspector {
  /** `grid()`: the last map's; `pin(index)`: what a picture's button does. */
  constructor(data, state, images, latent, grid, pin) {
    Object.assign(this, { data, state, images, latent, grid, pin });
    this.turn = 0; // answers that come late are dropped
    this.strip = []; // the neighbours' buttons
    const { image, rebuilt, code } = (this.canvases = {
      image: byId("image"),
      rebuilt: byId("rebuilt"),
      code: byId("code"),
    });
    image.parentElement.hidden = !images;
    rebuilt.parentElement.hidden = code.parentElement.hidden = !latent;
    state.on(["hover", "pinned", "place"], () => this.show());
    this.show();
  }

  labelOf(index) {
    return this.data.labels ? this.data.names[this.data.labels[index]] : null;
  }

  /** "Point 12, label 7" */
  describe(index) {
    const label = this.labelOf(index);
    return `Point ${index}${label === null ? "" : `, label ${label}`}`;
  }

  async show() {
    const turn = ++this.turn;
    const { hover, pinned, place } = this.state;
    const index = hover >= 0 ? hover : place ? -1 : pinned;
    const panel = byId("inspector");
    panel.dataset.shows = index >= 0 ? "point" : place ? "place" : "nothing";
    if (index >= 0) await this.#showPoint(index, turn);
    else if (place) await this.#showPlace(place, turn);
    else this.#showNothing();
    if (turn !== this.turn) return;
    panel.dataset.settled = index >= 0 ? `${index}` : panel.dataset.shows;
    this.#fillNeighbors(turn);
  }

  #heading(text, note = "") {
    byId("what").textContent = text;
    byId("what-note").textContent = note;
  }

  #facts(entries) {
    byId("facts").replaceChildren(
      ...entries.flatMap(([term, value]) => [
        make("dt", { textContent: term }),
        make("dd", { textContent: value }),
      ]),
    );
  }

  async #showPoint(index, turn) {
    const { data, state } = this;
    const label = this.labelOf(index);
    this.#heading(
      label === null ? `Point ${index}` : label,
      index === state.pinned ? "pinned; Escape lets go" : "",
    );
    const facts = [["Index", `${index}`]];
    if (data.errors) facts.push(["Squared error", figures(data.errors.at(index))]);
    for (const map of data.maps) {
      if (!map.quality) continue;
      facts.push([`Kept by ${map.name}`, `${Math.round((map.quality[index] / 255) * 100)} %`]);
    }
    this.#facts(facts);
    byId("image-caption").textContent = "Image";
    byId("rebuilt-caption").textContent = "Rebuilt";
    this.#neighbors(...this.#neighborsOf(index));
    if (!this.images) return;
    const pixels = await this.images.pixels(index);
    if (turn !== this.turn) return;
    this.#picture("image", `Image of point ${index}`, (canvas) =>
      drawImage(canvas, pixels, this.images),
    );
    if (this.latent) this.#showCode(await this.latent.code(index), turn, "Rebuilt by the network");
  }

  async #showPlace(place, turn) {
    this.#heading("Between the points", "what the decoder draws here");
    this.#facts([]);
    const { code, indices } = await this.latent.around(place.view.grid, place.x, place.y);
    if (turn !== this.turn) return;
    byId("rebuilt-caption").textContent = "Imagined";
    this.#showCode(code, turn, "Drawn by the decoder");
    this.#neighbors(indices, "Mixed of");
  }

  #showNothing() {
    this.#heading("Point at a map", "or walk on it with the arrow keys");
    this.#facts([]);
    this.#neighbors([], "");
    for (const canvas of Object.values(this.canvases)) {
      canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    }
  }

  #showCode(code, turn, what) {
    if (turn !== this.turn) return;
    this.#picture("rebuilt", what, (canvas) =>
      drawValues(canvas, this.latent.decode(code), this.latent.network.input),
    );
    this.#picture("code", "Its code", (canvas) =>
      drawCode(canvas, code, this.latent.network.latent),
    );
  }

  #picture(name, description, draw) {
    const canvas = this.canvases[name];
    canvas.setAttribute("aria-label", description);
    draw(canvas);
  }

  /** In the space that was mapped where that is known, else on the last of the maps. */
  #neighborsOf(index) {
    const { neighbors, neighborCount, count, maps } = this.data;
    if (neighbors) {
      const known = Array.from({ length: neighborCount }, (_, k) => neighbors[k * count + index]);
      return [known, "Nearest in the data"];
    }
    const { name, points } = maps[maps.length - 1];
    const near = this.grid().nearestFew(points[2 * index], points[2 * index + 1], 9);
    const others = near.map((point) => point.index).filter((other) => other !== index);
    return [others.slice(0, 8), `Nearest on the map ${name}`];
  }

  #neighbors(indices, heading) {
    byId("neighbors-heading").textContent = heading;
    byId("neighbors-heading").hidden = heading === "";
    this.strip = indices.map((index) => this.#blankButton(index));
    byId("neighbors").replaceChildren(...this.strip.map(({ button }) => button));
  }

  /**
   * Their pictures come when that of the point itself has been seen, and one by one: they lie in as
   * many blocks, of which each takes some milliseconds to open.
   */
  async #fillNeighbors(turn) {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    for (const { index, canvas } of this.strip) {
      if (turn !== this.turn) return;
      if (canvas) await this.#fill(canvas, index);
    }
  }

  async #fill(canvas, index) {
    drawImage(canvas, await this.images.pixels(index), this.images);
  }

  /** A point as a small picture that pins it. */
  button(index) {
    const { button, canvas } = this.#blankButton(index);
    if (canvas) this.#fill(canvas, index);
    return button;
  }

  #blankButton(index) {
    const button = make("button", { type: "button", className: "thumbnail" });
    button.setAttribute("aria-label", `${this.describe(index)}: pin`);
    button.title = this.describe(index);
    button.addEventListener("click", () => this.pin(index));
    const canvas = this.images ? make("canvas") : null;
    button.append(canvas ?? `${index}`);
    return { index, button, canvas };
  }
}
