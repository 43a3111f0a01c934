// The page's data, from the text elements that it came with: base 85, zlib, numbers.

const text = (id) => document.getElementById(`data-${id}`).textContent;

/** What each character stands for: '(' is nought, and '}' is in the place of '<'. */
const DIGITS = Uint8Array.from({ length: 128 }, (_, code) => (code === 125 ? 20 : code - 40));

/** Five characters are four bytes; of a last, shorter group the highest are left out. */
export function fromBase85(characters) {
  const length = characters.length;
  const groups = Math.ceil(length / 5);
  const whole = groups * 5 === length ? characters : characters.padEnd(groups * 5, "|");
  const bytes = new Uint8Array(groups * 4);
  const digit = (at) => DIGITS[whole.charCodeAt(at)];
  for (let at = 0, to = 0; to < bytes.length; at += 5, to += 4) {
    const high = (digit(at) * 85 + digit(at + 1)) * 85 + digit(at + 2);
    const word = high * 7225 + digit(at + 3) * 85 + digit(at + 4);
    bytes[to] = word / 0x1000000;
    bytes[to + 1] = word >>> 16;
    bytes[to + 2] = word >>> 8;
    bytes[to + 3] = word;
  }
  return bytes.subarray(0, groups * 4 - (groups * 5 - length));
}

export async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const bytesOf = (id) => inflate(fromBase85(text(id)));

/** All low bytes, then all high bytes. */
async function numbersOf(id) {
  const bytes = await bytesOf(id);
  const count = bytes.length / 2;
  const numbers = new Uint16Array(count);
  for (let i = 0; i < count; ++i) numbers[i] = bytes[i] | (bytes[count + i] << 8);
  return numbers;
}

const LEVELS = 65535;
const MOST_STRETCHED = 3; // a map longer than this is drawn so

/** How long a map's sides are on the screen: the longer one is 1. Axes keep their proportions. */
function extentOf(map) {
  const [width, height] = [0, 1].map((axis) => Math.max(map.most[axis] - map.least[axis], 0));
  const longest = Math.max(width, height);
  if (longest === 0) return [1, 1];
  return [width, height].map((side) => Math.max(side / longest, 1 / MOST_STRETCHED));
}

/** Interleaved x and y in [0, extent]; y grows downwards, as screens have it. */
function toWorld(levels, first, count, extent, most = LEVELS) {
  const points = new Float32Array(2 * count);
  for (let i = 0; i < count; ++i) {
    points[2 * i] = (levels[first + i] / most) * extent[0];
    points[2 * i + 1] = (1 - levels[first + count + i] / most) * extent[1];
  }
  return points;
}

async function loadMap(map, number, count) {
  const extent = extentOf(map);
  return {
    name: map.name,
    extent,
    points: toWorld(await numbersOf(`map-${number}`), 0, count, extent),
    quality: map.quality ? await bytesOf(`quality-${number}`) : null,
  };
}

/**
 * What the map was on its way: frames of the last map's points. Each lies as what has changed since
 * the one before: even numbers are growth, odd ones are loss.
 */
async function loadSnapshots(description, map, count) {
  if (!description) return null;
  const levels = await numbersOf("snapshots");
  for (let i = 0; i < levels.length; ++i) {
    const before = i < 2 * count ? 0 : levels[i - 2 * count];
    levels[i] = before + ((levels[i] >> 1) ^ -(levels[i] & 1));
  }
  const frame = (i) => toWorld(levels, i * 2 * count, count, map.extent, description.levels);
  return { numbers: description.frames, of: description.of, frame };
}

async function loadErrors(description) {
  if (!description) return null;
  const levels = await numbersOf("errors");
  const { least, most } = description;
  return { levels, at: (i) => least + ((most - least) * levels[i]) / LEVELS };
}

/** Everything but the images, which are opened when they are looked at. */
export async function loadPage() {
  const about = JSON.parse(text("page"));
  const count = about.points;
  const maps = await Promise.all(about.maps.map((map, i) => loadMap(map, i, count)));
  return {
    title: about.title,
    about: about.about,
    notes: about.notes,
    count,
    maps,
    names: about.labels,
    labels: about.labels ? await numbersOf("labels") : null,
    errors: await loadErrors(about.errors),
    neighborCount: about.neighbors,
    neighbors: about.neighbors > 0 ? await numbersOf("neighbors") : null,
    snapshots: await loadSnapshots(about.snapshots, maps[maps.length - 1], count),
    model: about.model,
    weights: about.model ? new Float32Array((await bytesOf("weights")).buffer) : null,
    imageFormat: about.images,
    imageText: about.images ? text("images") : null,
  };
}
