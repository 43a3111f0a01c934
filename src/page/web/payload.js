// The page's data, from the text elements that it came with: base 85, zlib, numbers.

const text = (id) => document.getElementById(`data-${id}`).textContent;

/** Five characters are four bytes; '(' is nought, and '}' stands for '<'. */
export function fromBase85(characters) {
  const length = characters.length;
  const groups = Math.ceil(length / 5);
  const bytes = new Uint8Array(groups * 4);
  for (let group = 0, at = 0; group < groups; ++group, at += 5) {
    let word = 0;
    for (let i = 0; i < 5; ++i) {
      const code = at + i < length ? characters.charCodeAt(at + i) : 124;
      word = word * 85 + (code === 125 ? 20 : code - 40);
    }
    bytes[group * 4] = word / 0x1000000;
    bytes[group * 4 + 1] = word >>> 16;
    bytes[group * 4 + 2] = word >>> 8;
    bytes[group * 4 + 3] = word;
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
function toWorld(levels, first, count, extent) {
  const points = new Float32Array(2 * count);
  for (let i = 0; i < count; ++i) {
    points[2 * i] = (levels[first + i] / LEVELS) * extent[0];
    points[2 * i + 1] = (1 - levels[first + count + i] / LEVELS) * extent[1];
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

/** What the map was on its way: frames of the last map's points. */
async function loadSnapshots(description, map, count) {
  if (!description) return null;
  const levels = await numbersOf("snapshots");
  const frame = (i) => toWorld(levels, i * 2 * count, count, map.extent);
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
