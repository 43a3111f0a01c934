// One map: its points, and over them what is pointed at, its neighbours, the names of the labels.
import { Camera } from "./camera.js";
import { colourOf, isKept, paint } from "./colours.js";
import { Grid } from "./grid.js";
import { CanvasPoints } from "./points_canvas.js";
import { WebglPoints } from "./points_webgl.js";
import { drawImage } from "./picture.js";

const MOST_NAMES = 40; // more names than this would hide the map
const THUMBNAILS = 160; // so few points in sight: their images are shown
const THUMBNAIL = 26; // pixels
const MOST_RATIO = 2; // device pixels for a CSS pixel

/** The median of each label's points: robust where a mean lies between two clusters. */
function medians(data, points) {
  if (!data.labels || data.names.length > MOST_NAMES) return [];
  const members = data.names.map(() => []);
  for (let i = 0; i < data.count; ++i) members[data.labels[i]].push(i);
  return members.flatMap((indices, label) => {
    if (indices.length === 0) return [];
    const middle = (axis) =>
      Float32Array.from(indices, (i) => points[2 * i + axis]).sort()[indices.length >> 1];
    return [{ label, x: middle(0), y: middle(1) }];
  });
}

const NAME_HEIGHT = 24;

/** Where a name is not hidden by those before it: at its place, or not far above or below. */
function freePlace(placed, width, px, y) {
  const inTheWay = placed.filter((other) => Math.abs(other.px - px) < (other.width + width) / 2);
  const isFree = (py) => inTheWay.every((other) => Math.abs(other.py - py) > NAME_HEIGHT);
  const step = NAME_HEIGHT / 2;
  const found = [0, -1, 1, -2, 2, -3, 3, -4, 4].find((steps) => isFree(y + steps * step));
  return [px, y + (found ?? 0) * step];
}

export class MapView {
  constructor(element, data, map, state, images) {
    Object.assign(this, { element, data, map, state, images });
    this.name = map.name;
    this.surface = element.querySelector(".surface");
    this.camera = new Camera(map.extent);
    this.pointCanvas = element.querySelector(".points");
    this.overlay = element.querySelector(".overlay");
    this.points = WebglPoints.on(this.pointCanvas) ?? new CanvasPoints(this.pointCanvas);
    this.points.redraw = () => this.redraw();
    this.thumbnails = new Map();
    this.lasso = null; // corners, while one is drawn
    this.trail = null; // [from, to] on the map, while a path is drawn
    this.dirty = { look: true, points: true }; // what has changed since it was drawn
    this.setPoints(map.points);
    new ResizeObserver(() => this.#resize()).observe(this.surface);
    state.on(["theme", "colouring", "selected", "label"], () => this.restyle());
    state.on(["hover", "pinned", "place"], () => this.redraw(false));
  }

  setPoints(points) {
    this.film = false;
    this.shown = points;
    this.points.setPoints(points);
    this.grid = new Grid(points, this.map.extent);
    this.names = null;
    this.redraw();
  }

  /** Another frame of a film: nothing is searched on it. */
  setFrame(points) {
    this.film = true;
    this.shown = points;
    this.points.setPoints(points);
    this.names = [];
    this.redraw();
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.surface;
    if (width === 0 || height === 0) return;
    this.ratio = Math.min(devicePixelRatio || 1, MOST_RATIO);
    for (const canvas of [this.pointCanvas, this.overlay]) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
    }
    this.camera.resize(width, height);
    this.dirty.points = true;
    this.draw(); // now: a canvas of another size is blank
  }

  /** In CSS pixels: smaller with more points, and larger, though not as fast, as one zooms in. */
  get size() {
    const base = Math.min(7, Math.max(1.6, 3.4 * (10000 / this.data.count) ** 0.22));
    return Math.min(16, base * this.camera.zoom ** 0.42);
  }

  restyle() {
    this.dirty.look = true;
    this.redraw();
  }

  redraw(points = true) {
    this.dirty.points ||= points;
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = undefined;
    if (!this.ratio) return;
    if (this.dirty.look) {
      const style = getComputedStyle(this.surface);
      [this.ink, this.ground] = [style.color, style.backgroundColor];
      const opacity = this.data.count > 30000 ? 200 : 235;
      this.points.setLook(paint(this.data, this.map, this.state, opacity));
    }
    if (this.dirty.look || this.dirty.points) {
      this.points.draw(this.camera, this.size, this.ratio);
    }
    this.dirty = { look: false, points: false };
    this.#drawOverlay();
    this.onDraw?.();
  }

  screen(index) {
    return this.camera.toScreen(this.shown[2 * index], this.shown[2 * index + 1]);
  }

  /** The point under a place of the screen, or -1. */
  pick(px, py, reach = 12) {
    if (this.film) return -1;
    const [x, y] = this.camera.toMap(px, py);
    const wanted = (index) => isKept(this.data, this.state, index);
    return this.grid.nearest(x, y, reach / this.camera.scale, wanted);
  }

  fly(target) {
    this.camera.fly(target, () => this.redraw());
  }

  /** Brings a point into the middle, near enough to see what is around it. */
  flyTo(index) {
    const zoom = Math.max(this.camera.zoom, Math.min(60, 2 + Math.sqrt(this.data.count / 400)));
    this.fly({ x: this.shown[2 * index], y: this.shown[2 * index + 1], zoom });
  }

  zoomBy(factor) {
    const { x, y, zoom } = this.camera;
    this.fly({ x, y, zoom: zoom * factor });
  }

  flyHome() {
    this.fly(this.camera.home);
  }

  // ---- the overlay ----

  #drawOverlay() {
    const context = this.overlay.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.camera.width, this.camera.height);
    // How large what stands for a point is: rings go around it.
    this.drawn = this.#drawThumbnails(context) ? THUMBNAIL * Math.SQRT2 : this.size;
    this.#drawNames(context);
    const { pinned, hover } = this.state;
    const shown = hover >= 0 ? hover : pinned;
    if (shown >= 0) this.#drawNeighbors(context, shown);
    if (pinned >= 0) this.#ring(context, pinned, 9, 3);
    if (hover >= 0) this.#ring(context, hover, 7, 2);
    this.#drawPlace(context);
    this.#drawLasso(context);
    this.#drawTrail(context);
  }

  /** Twice: a halo in the colour of the ground, then in ink. */
  #stroke(context, width, trace) {
    for (const [colour, extra] of [
      [this.ground, 3],
      [this.ink, 0],
    ]) {
      context.beginPath();
      context.strokeStyle = colour;
      context.lineWidth = width + extra;
      trace();
      context.stroke();
    }
  }

  #ring(context, index, radius, width) {
    const [x, y] = this.screen(index);
    const around = radius + this.drawn / 2;
    this.#stroke(context, width, () => context.arc(x, y, around, 0, 2 * Math.PI));
  }

  #drawNeighbors(context, index) {
    const { neighbors, neighborCount, count } = this.data;
    if (!neighbors || this.film) return;
    const [x, y] = this.screen(index);
    for (let k = 0; k < neighborCount; ++k) {
      const [nx, ny] = this.screen(neighbors[k * count + index]);
      context.globalAlpha = 0.75;
      this.#stroke(context, 1, () => {
        context.moveTo(x, y);
        context.lineTo(nx, ny);
      });
      context.globalAlpha = 1;
      this.#stroke(context, 1.5, () => context.arc(nx, ny, 2.5 + this.drawn / 2, 0, 2 * Math.PI));
    }
  }

  #drawNames(context) {
    this.names ??= medians(this.data, this.shown);
    context.font = "600 16px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    const placed = [];
    for (const { label, x, y } of this.names) {
      if (this.state.label !== null && this.state.label !== label) continue;
      const name = this.data.names[label];
      const short = name.length > 24 ? `${name.slice(0, 23)}…` : name;
      const width = Math.max(22, context.measureText(short).width + 12);
      const [px, py] = freePlace(placed, width, ...this.camera.toScreen(x, y));
      placed.push({ px, py, width });
      context.globalAlpha = 0.88;
      context.fillStyle = this.ground;
      context.beginPath();
      context.roundRect(px - width / 2, py - NAME_HEIGHT / 2, width, NAME_HEIGHT, 12);
      context.fill();
      context.globalAlpha = 1;
      context.lineWidth = 1.5;
      context.strokeStyle = colourOf(this.state.theme, label);
      context.stroke();
      context.fillStyle = this.ink;
      context.fillText(short, px, py + 0.5);
    }
  }

  /** Near enough, the images themselves; says whether it was. */
  #drawThumbnails(context) {
    if (!this.images || this.film || this.camera.zoom < 4) return false;
    const { camera } = this;
    const seen = [];
    const [left, top] = camera.toMap(0, 0);
    const [right, bottom] = camera.toMap(camera.width, camera.height);
    this.grid.inBox(left, top, right, bottom, (index) => {
      if (seen.length <= THUMBNAILS && isKept(this.data, this.state, index)) seen.push(index);
    });
    if (seen.length > THUMBNAILS) return false;
    const side = THUMBNAIL;
    for (const index of seen) {
      const picture = this.#thumbnail(index);
      if (!picture) continue;
      const [x, y] = this.screen(index);
      context.imageSmoothingEnabled = true;
      context.drawImage(picture, x - side / 2, y - side / 2, side, side);
      context.lineWidth = 2;
      context.strokeStyle = this.data.labels
        ? colourOf(this.state.theme, this.data.labels[index])
        : this.ink;
      context.strokeRect(x - side / 2, y - side / 2, side, side);
    }
    return true;
  }

  /** A small canvas, or nothing until its block is open. */
  #thumbnail(index) {
    const known = this.thumbnails.get(index);
    if (known !== undefined) return known;
    if (this.thumbnails.size > 4 * THUMBNAILS) this.thumbnails.clear();
    this.thumbnails.set(index, null);
    this.images.pixels(index).then((pixels) => {
      const canvas = document.createElement("canvas");
      drawImage(canvas, pixels, this.images);
      this.thumbnails.set(index, canvas);
      this.redraw(false);
    });
    return null;
  }

  /** Where the decoder draws: a cross between the points. */
  #drawPlace(context) {
    const { place } = this.state;
    if (!place || place.view !== this) return;
    const [x, y] = this.camera.toScreen(place.x, place.y);
    this.#stroke(context, 2, () => {
      context.moveTo(x - 7, y);
      context.lineTo(x + 7, y);
      context.moveTo(x, y - 7);
      context.lineTo(x, y + 7);
    });
  }

  #drawLasso(context) {
    if (!this.lasso) return;
    context.setLineDash([6, 4]);
    this.#stroke(context, 1.5, () => {
      for (const [x, y] of this.lasso) context.lineTo(...this.camera.toScreen(x, y));
      context.closePath();
    });
    context.setLineDash([]);
  }

  #drawTrail(context) {
    if (!this.trail) return;
    this.#stroke(context, 2.5, () => {
      context.moveTo(...this.camera.toScreen(...this.trail[0]));
      context.lineTo(...this.camera.toScreen(...this.trail[1]));
    });
  }
}
