// From points to codes and back to images: the network at work on what the map shows.
import { Network } from "./network.js";

const CODES_KEPT = 512;
const AROUND = 8; // points whose codes are mixed where there is none

export class Latent {
  constructor(data, images) {
    this.images = images;
    this.network = new Network(data.model, data.weights);
    this.codes = new Map();
  }

  /** Only images as the network was trained on have codes. */
  static of(data, images) {
    return data.model && images && !images.halved ? new Latent(data, images) : null;
  }

  async code(index) {
    let code = this.codes.get(index);
    if (!code) {
      const pixels = await this.images.pixels(index);
      code = this.network.encode(Float32Array.from(pixels, (pixel) => pixel / 255));
      if (this.codes.size >= CODES_KEPT) this.codes.delete(this.codes.keys().next().value);
      this.codes.set(index, code);
    }
    return code;
  }

  decode(code) {
    return this.network.decode(code);
  }

  /** The codes of the nearest points of a map, mixed by the inverse of their squared distances. */
  async around(grid, x, y) {
    const near = grid.nearestFew(x, y, AROUND);
    const weights = near.map(({ distance }) => 1 / (distance * distance + 1e-12));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const codes = await Promise.all(near.map(({ index }) => this.code(index)));
    const mixed = new Float32Array(codes[0].length);
    codes.forEach((code, k) => {
      for (let i = 0; i < mixed.length; ++i) mixed[i] += (weights[k] / total) * code[i];
    });
    return { code: mixed, indices: near.map(({ index }) => index) };
  }

  /** Codes on the straight line from one to another, both ends among them. */
  between(from, to, count) {
    return Array.from({ length: count }, (_, k) => {
      const t = k / (count - 1);
      return from.map((value, i) => value + (to[i] - value) * t);
    });
  }
}
