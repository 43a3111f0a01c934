// A path from one point to another: the digits that the decoder draws on the straight line between
// their codes, as a strip and as a film.
import { animate } from "./camera.js";
import { byId, make } from "./element.js";
import { drawValues } from "./picture.js";

const STEPS = 9;
const FILM_STEPS = 45;

export class Path {
  constructor(latent, inspector) {
    Object.assign(this, { latent, inspector });
    byId("path-play").addEventListener("click", () => this.play());
    byId("path-close").addEventListener("click", () => (byId("path").hidden = true));
  }

  async show(from, to) {
    if (from < 0 || to < 0 || from === to) return;
    this.ends = await Promise.all([from, to].map((index) => this.latent.code(index)));
    const [start, end] = [from, to].map((index) => this.inspector.describe(index));
    byId("path").hidden = false;
    byId("path-what").textContent = `${start} → ${end}`;
    const codes = this.latent.between(...this.ends, STEPS);
    byId("path-strip").replaceChildren(...codes.map((code, k) => this.#step(code, k)));
    this.play();
  }

  #step(code, k) {
    const canvas = make("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Step ${k + 1} of ${STEPS}`);
    this.#draw(canvas, code);
    return canvas;
  }

  #draw(canvas, code) {
    drawValues(canvas, this.latent.decode(code), this.latent.network.input);
  }

  /** There, in two seconds. */
  play() {
    const film = this.latent.between(...this.ends, FILM_STEPS);
    animate(2000, (t) =>
      this.#draw(byId("path-film"), film[Math.round(t * (FILM_STEPS - 1))]),
    );
  }
}
