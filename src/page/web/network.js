// The trained model, run here: the layers of the program, in plain loops. Values lie in channel,
// row, column order.

/** 3 x 3, same padding: the input with a border of zeros, then one sum a filter tap. */
function convolution({ channels, height, width }, outputs, weights, bias) {
  const stride = width + 2;
  const plane = stride * (height + 2);
  const padded = new Float32Array(channels * plane);
  return (input) => {
    for (let row = 0; row < channels * height; ++row) {
      const to = Math.floor(row / height) * plane + ((row % height) + 1) * stride + 1;
      padded.set(input.subarray(row * width, (row + 1) * width), to);
    }
    const output = new Float32Array(outputs * height * width);
    for (let o = 0; o < outputs; ++o) {
      const out = output.subarray(o * height * width, (o + 1) * height * width).fill(bias[o]);
      for (let tap = 0; tap < channels * 9; ++tap) {
        const weight = weights[o * channels * 9 + tap];
        const corner =
          Math.floor(tap / 9) * plane + Math.floor((tap % 9) / 3) * stride + (tap % 3);
        for (let y = 0, at = 0; y < height; ++y) {
          const from = corner + y * stride;
          for (let x = 0; x < width; ++x, ++at) out[at] += weight * padded[from + x];
        }
      }
    }
    return output;
  };
}

function dense(inputs, outputs, weights, bias) {
  return (input) => {
    const output = new Float32Array(outputs);
    for (let o = 0; o < outputs; ++o) {
      let sum = bias[o];
      for (let i = 0; i < inputs; ++i) sum += weights[o * inputs + i] * input[i];
      output[o] = sum;
    }
    return output;
  };
}

/** 2 x 2, stride 2; an odd last row or column is dropped. */
function maxPool({ channels, height, width }) {
  const [rows, columns] = [height >> 1, width >> 1];
  return (input) => {
    const output = new Float32Array(channels * rows * columns);
    let at = 0;
    for (let channel = 0; channel < channels; ++channel) {
      for (let y = 0; y < rows; ++y) {
        for (let x = 0; x < columns; ++x, ++at) {
          const from = (channel * height + 2 * y) * width + 2 * x;
          const above = Math.max(input[from], input[from + 1]);
          output[at] = Math.max(above, input[from + width], input[from + width + 1]);
        }
      }
    }
    return output;
  };
}

/** Nearest neighbour, by two. */
function upsample({ channels, height, width }) {
  return (input) => {
    const output = new Float32Array(channels * height * width * 4);
    let at = 0;
    for (let row = 0; row < channels * height * 2; ++row) {
      for (let x = 0; x < width * 2; ++x, ++at) output[at] = input[(row >> 1) * width + (x >> 1)];
    }
    return output;
  };
}

/** In place: a layer's output is nobody else's. */
function relu(values) {
  for (let i = 0; i < values.length; ++i) values[i] = Math.max(values[i], 0);
  return values;
}
function sigmoid(values) {
  for (let i = 0; i < values.length; ++i) values[i] = 1 / (1 + Math.exp(-values[i]));
  return values;
}
const size = ({ channels, height, width }) => channels * height * width;

export class Network {
  constructor(model, weights) {
    const [channels, height, width] = model.input;
    this.input = { channels, height, width };
    this.weights = weights;
    this.taken = 0;
    let shape = this.input;
    const build = (layer) => {
      const built = this.#layer(layer, shape);
      shape = built.shape;
      return built;
    };
    this.encoder = model.encoder.map(build);
    this.latent = shape;
    this.decoder = model.decoder.map(build);
  }

  /** The next `count` weights: tensors lie in the order of the layers, weight before bias. */
  #take(count) {
    this.taken += count;
    return this.weights.subarray(this.taken - count, this.taken);
  }

  #layer(layer, shape) {
    const activate = { relu, sigmoid }[layer.activation] ?? ((values) => values);
    const then = (run, after) => ({ run: (values) => activate(run(values)), shape: after });
    const { channels, height, width } = shape;
    const { outputs } = layer;
    switch (layer.type) {
      case "convolution": {
        const taps = this.#take(outputs * channels * 9);
        const run = convolution(shape, outputs, taps, this.#take(outputs));
        return then(run, { channels: outputs, height, width });
      }
      case "dense": {
        const matrix = this.#take(outputs * size(shape));
        const run = dense(size(shape), outputs, matrix, this.#take(outputs));
        return then(run, { channels: 1, height: 1, width: outputs });
      }
      case "max_pool":
        return then(maxPool(shape), { channels, height: height >> 1, width: width >> 1 });
      case "upsample":
        return then(upsample(shape), { channels, height: height * 2, width: width * 2 });
      case "reshape": {
        const [toChannels, toHeight, toWidth] = layer.shape;
        const after = { channels: toChannels, height: toHeight, width: toWidth };
        return then((values) => values, after);
      }
      default:
        throw new Error(`a layer of type ${layer.type}`);
    }
  }

  /** An image in [0, 1] to its code. */
  encode(image) {
    return this.encoder.reduce((values, layer) => layer.run(values), image);
  }

  /** A code to the image that the decoder draws of it, in [0, 1]. */
  decode(code) {
    return this.decoder.reduce((values, layer) => layer.run(values), code);
  }
}
