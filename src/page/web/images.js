// The images: blocks of a hundred or so, opened when one of them is first looked at.
import { fromBase85, inflate } from "./payload.js";

const BLOCKS_KEPT = 128;

export class Images {
  constructor(format, blocks) {
    Object.assign(this, format);
    this.size = this.channels * this.height * this.width;
    this.blocks = blocks.split("\n");
    this.open = new Map(); // block number -> promise of its bytes, the latest used last
  }

  #block(number) {
    const known = this.open.get(number);
    this.open.delete(number);
    const bytes = known ?? inflate(fromBase85(this.blocks[number]));
    this.open.set(number, bytes);
    if (this.open.size > BLOCKS_KEPT) this.open.delete(this.open.keys().next().value);
    return bytes;
  }

  /** Pixels of image `index` from 0 to 255, channel by channel, row by row. */
  async pixels(index) {
    const bytes = await this.#block(Math.floor(index / this.block));
    const place = index % this.block;
    if (this.bits === 8) return bytes.subarray(place * this.size, (place + 1) * this.size);
    return this.#unpack(bytes, place);
  }

  /** Four bits a pixel: a byte holds one of a row, and the one below it. */
  #unpack(bytes, place) {
    const { channels, height, width } = this;
    const rows = Math.ceil(height / 2);
    const pixels = new Uint8Array(this.size);
    let from = place * channels * rows * width;
    for (let channel = 0; channel < channels; ++channel) {
      for (let y = 0; y < height; y += 2) {
        const row = (channel * height + y) * width;
        for (let x = 0; x < width; ++x, ++from) {
          pixels[row + x] = (bytes[from] >> 4) * 17;
          if (y + 1 < height) pixels[row + width + x] = (bytes[from] & 15) * 17;
        }
      }
    }
    return pixels;
  }
}
