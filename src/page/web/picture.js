// Images and codes on small canvases.

const toBytes = (values, most) => Uint8ClampedArray.from(values, (v) => (255 * v) / most);

/** Grey or, of three channels, coloured pixels, drawn as large as the canvas is. */
export function drawImage(canvas, pixels, { channels, height, width }) {
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const plane = width * height;
  for (let i = 0; i < plane; ++i) {
    for (let c = 0; c < 3; ++c) {
      image.data[4 * i + c] = pixels[channels === 3 ? c * plane + i : i];
    }
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** Values in [0, 1]. */
export function drawValues(canvas, values, shape) {
  drawImage(canvas, toBytes(values, 1), shape);
}

/** A code: its channels side by side, as bright as the largest value says; of a row, a square. */
export function drawCode(canvas, code, shape) {
  const flat = shape.channels * shape.height === 1;
  const count = flat ? code.length : shape.channels;
  const [height, width] = flat ? [1, 1] : [shape.height, shape.width];
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const gap = flat ? 0 : 1;
  const whole = {
    channels: 1,
    height: rows * (height + gap) - gap,
    width: columns * (width + gap) - gap,
  };
  const values = new Float32Array(whole.height * whole.width);
  for (let i = 0; i < code.length; ++i) {
    const tile = Math.floor(i / (height * width));
    const y = Math.floor(tile / columns) * (height + gap) + Math.floor((i / width) % height);
    const x = (tile % columns) * (width + gap) + (i % width);
    values[y * whole.width + x] = code[i];
  }
  const most = code.reduce((largest, value) => Math.max(largest, value), 1e-12);
  drawImage(canvas, toBytes(values, most), whole);
}
