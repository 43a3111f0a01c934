// How a map came to be: its snapshots as a film.
import { byId } from "./element.js";

const FRAMES_A_SECOND = 12;

export class Player {
  constructor(data, view) {
    this.snapshots = data.snapshots;
    byId("player").hidden = !this.snapshots;
    if (!this.snapshots) return;
    this.view = view;
    this.slider = byId("player-frame");
    this.slider.max = this.snapshots.numbers.length;
    this.slider.value = this.slider.max; // the map itself is the last position
    this.slider.addEventListener("input", () => this.stop());
    this.slider.addEventListener("input", () => this.show());
    byId("player-play").addEventListener("click", () => (this.timer ? this.stop() : this.play()));
    this.show();
  }

  show() {
    const { numbers, of } = this.snapshots;
    const at = Number(this.slider.value);
    const final = at >= numbers.length;
    const words = final ? "the finished map" : `snapshot ${numbers[at] + 1} of ${of}`;
    byId("player-what").textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
    if (final) this.view.setPoints(this.view.map.points);
    else this.view.setFrame(this.snapshots.frame(at));
  }

  play() {
    if (this.slider.value === this.slider.max) this.slider.value = 0;
    byId("player-play").textContent = "Stop";
    this.timer = setInterval(() => {
      this.slider.value = Number(this.slider.value) + 1;
      this.show();
      if (this.slider.value === this.slider.max) this.stop();
    }, 1000 / FRAMES_A_SECOND);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    byId("player-play").textContent = "Play";
  }
}
