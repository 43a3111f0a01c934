// All points of a map without WebGL: sprites copied into the canvas's pixels, without blending
// inside the loop for what is opaque.
import { SHAPES, shapeStrip } from "./shapes.js";

export class CanvasPoints {
  constructor(canvas) {
    this.context = canvas.getContext("2d");
    this.stamps = new Map(); // side -> for each shape, the pixels it covers
  }

  setPoints(points) {
    this.points = points;
  }
  setLook(look) {
    this.look = look;
  }

  /** [dx, dy, ...] of the pixels that each shape covers in a square of this side. */
  #stampsOf(side) {
    if (!this.stamps.has(side)) {
      const strip = shapeStrip(side).getContext("2d").getImageData(0, 0, side * SHAPES, side);
      const stamps = Array.from({ length: SHAPES }, (_, shape) => {
        const covered = [];
        for (let y = 0; y < side; ++y) {
          for (let x = 0; x < side; ++x) {
            const alpha = strip.data[4 * (y * side * SHAPES + shape * side + x) + 3];
            if (alpha > 127 || side < 5) covered.push(x - (side >> 1), y - (side >> 1));
          }
        }
        return covered;
      });
      this.stamps.set(side, stamps);
    }
    return this.stamps.get(side);
  }

  draw(camera, size, ratio) {
    const { width, height } = this.context.canvas;
    const image = this.context.createImageData(width, height);
    const pixels = image.data;
    const stamps = this.#stampsOf(Math.max(1, Math.round(size * ratio)));
    const { colours, shapes } = this.look;
    const [left, top] = camera.toScreen(0, 0);
    const scale = camera.scale * ratio;
    const count = this.points.length / 2;
    for (let i = 0; i < count; ++i) {
      const x = Math.round(this.points[2 * i] * scale + left * ratio);
      const y = Math.round(this.points[2 * i + 1] * scale + top * ratio);
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      const stamp = stamps[shapes[i]];
      const opacity = colours[4 * i + 3] / 255;
      for (let at = 0; at < stamp.length; at += 2) {
        const [px, py] = [x + stamp[at], y + stamp[at + 1]];
        if (px < 0 || py < 0 || px >= width || py >= height) continue;
        blend(pixels, 4 * (py * width + px), colours, 4 * i, opacity);
      }
    }
    this.context.putImageData(image, 0, 0);
  }
}

/** Source over destination, both not premultiplied. */
function blend(pixels, to, colours, from, opacity) {
  const behind = (pixels[to + 3] / 255) * (1 - opacity);
  const total = opacity + behind;
  for (let c = 0; c < 3; ++c) {
    pixels[to + c] = (colours[from + c] * opacity + pixels[to + c] * behind) / total;
  }
  pixels[to + 3] = 255 * total;
}
