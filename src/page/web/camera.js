// Which part of a map is seen, and motion.

const MOST_ZOOM = 400;
const MARGIN = 0.92;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Calls step(t) with t from 0 to 1, eased, or once with 1 where motion is not wanted. */
export function animate(milliseconds, step) {
  if (calm.matches) {
    step(1);
    return;
  }
  const start = performance.now();
  const frame = (now) => {
    const t = Math.min(1, Math.max(0, (now - start) / milliseconds));
    step(1 - (1 - t) ** 3);
    if (t < 1) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

export class Camera {
  constructor(extent) {
    this.extent = extent;
    this.home = { x: extent[0] / 2, y: extent[1] / 2, zoom: 1 };
    Object.assign(this, this.home);
    this.resize(1, 1);
  }

  /** In CSS pixels. */
  resize(width, height) {
    [this.width, this.height] = [width, height];
    this.fit = MARGIN * Math.min(width / this.extent[0], height / this.extent[1]);
  }

  /** Pixels for one unit of the map. */
  get scale() {
    return this.fit * this.zoom;
  }
  get atHome() {
    return this.zoom === 1 && this.x === this.home.x && this.y === this.home.y;
  }

  toScreen(x, y) {
    return [
      (x - this.x) * this.scale + this.width / 2,
      (y - this.y) * this.scale + this.height / 2,
    ];
  }
  toMap(px, py) {
    return [
      (px - this.width / 2) / this.scale + this.x,
      (py - this.height / 2) / this.scale + this.y,
    ];
  }

  pan(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
  }

  /** What is at (px, py) stays there. */
  zoomAt(px, py, factor) {
    const [x, y] = this.toMap(px, py);
    this.zoom = Math.min(MOST_ZOOM, Math.max(0.5, this.zoom * factor));
    const [nx, ny] = this.toMap(px, py);
    this.x += x - nx;
    this.y += y - ny;
  }

  /** Moves there; calls moved() for each frame. */
  fly(target, moved) {
    const from = { x: this.x, y: this.y, zoom: this.zoom };
    animate(450, (t) => {
      this.x = from.x + (target.x - from.x) * t;
      this.y = from.y + (target.y - from.y) * t;
      this.zoom = from.zoom * (target.zoom / from.zoom) ** t;
      if (t === 1) Object.assign(this, target);
      moved();
    });
  }
}
