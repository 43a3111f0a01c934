// All points of a map without WebGL: sprites copied into the canvas's pixels.
import { SHAPES, shapeStrip } from "./shapes.js";

// A pixel is a word, of which red is the first byte and opacity the last.
const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const OPACITY_AT = LITTLE_ENDIAN ? 24 : 0;
const COLOUR_AT = LITTLE_ENDIAN ? 0 : 8;
const OPAQUE = 255 << OPACITY_AT;
const NEARLY_OPAQUE = 200;
const opacityOf = (word) => (word >>> OPACITY_AT) & 255;

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
    // Red, green, blue and opacity of a point as the one word that a pixel is.
    this.words = new Uint32Array(look.colours.buffer);
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

  /** The canvas's pixels, emptied; the same memory for as long as its size is. */
  #blank() {
    const { width, height } = this.context.canvas;
    if (this.image?.width !== width || this.image?.height !== height) {
      this.image = this.context.createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    } else {
      this.pixels.fill(0);
    }
    return this.image;
  }

  draw(camera, size, ratio) {
    const image = this.#blank();
    const { width, height } = image;
    const side = Math.max(1, Math.round(size * ratio));
    const stamps = this.#stampsOf(side);
    const places = (stamp) => (_, k) => stamp[2 * k + 1] * width + stamp[2 * k];
    const inside = stamps.map((stamp) =>
      Int32Array.from({ length: stamp.length / 2 }, places(stamp)),
    );
    const { points, pixels, words } = this;
    const { shapes } = this.look;
    const [left, top] = camera.toScreen(0, 0);
    const scale = camera.scale * ratio;
    const count = points.length / 2;
    for (let i = 0; i < count; ++i) {
      const x = Math.round(points[2 * i] * scale + left * ratio);
      const y = Math.round(points[2 * i + 1] * scale + top * ratio);
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      if (x >= side && y >= side && x + side < width && y + side < height) {
        const offsets = inside[shapes[i]];
        const at = y * width + x;
        for (let k = 0; k < offsets.length; ++k) put(pixels, at + offsets[k], words[i]);
      } else {
        const stamp = stamps[shapes[i]];
        for (let k = 0; k < stamp.length; k += 2) {
          const [px, py] = [x + stamp[k], y + stamp[k + 1]];
          if (px < 0 || py < 0 || px >= width || py >= height) continue;
          put(pixels, py * width + px, words[i]);
        }
      }
    }
    this.context.putImageData(image, 0, 0);
  }
}

/**
 * A pixel of a point over what is there. Most are empty; what hides nearly all behind it is taken
 * to hide it all: where points lie on one another the last is seen.
 */
function put(pixels, to, source) {
  const behind = pixels[to];
  if (behind === 0) pixels[to] = source;
  else if (opacityOf(source) >= NEARLY_OPAQUE) pixels[to] = source | OPAQUE;
  else pixels[to] = blended(source, behind);
}

/** Source over destination, both not premultiplied. */
function blended(source, behind) {
  const opacity = opacityOf(source);
  const total = opacity + (opacityOf(behind) * (255 - opacity)) / 255;
  const share = opacity / total;
  let mixed = Math.round(total) << OPACITY_AT;
  for (let shift = COLOUR_AT; shift < COLOUR_AT + 24; shift += 8) {
    const below = (behind >>> shift) & 255;
    mixed |= Math.round(below + (((source >>> shift) & 255) - below) * share) << shift;
  }
  return mixed;
}
