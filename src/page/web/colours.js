// Colours: ten for labels that colour-blind people can tell apart (after Okabe and Ito's, apart in
// lightness too; each at least 3:1 against the background), and a scale for numbers.
import { SHAPES } from "./shapes.js";

export const PALETTES = {
  light: [
    "#15379b", "#cf7a00", "#1d6a48", "#ee4fa6", "#2f97ea",
    "#9d8f4e", "#8a0f0f", "#8f45e6", "#5f6b78", "#111417",
  ],
  dark: [
    "#7f9bff", "#ee8c10", "#12a868", "#b05cae", "#5ddaff",
    "#ffef3c", "#dc3232", "#8450f0", "#a5929f", "#f2fff9",
  ],
};

/** From little to much: dark blue over green to yellow, or light to dark on a light ground. */
const SCALES = {
  light: ["#2f8f9d", "#2a6f97", "#35478c", "#5b2a86", "#8c1c5a", "#c1121f"],
  dark: ["#3d6fb5", "#3f93a8", "#52b788", "#a3cf5c", "#efd94a", "#fff3b0"],
};

/** With another shape each time the colours begin anew: a hundred labels look different. */
export const shapeOf = (label) => (label + Math.floor(label / SHAPES)) % SHAPES;
export const colourOf = (theme, label) => PALETTES[theme][label % PALETTES[theme].length];

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/** Colour of a number from 0 to 1, as [r, g, b]. */
export function scaleColour(theme, value) {
  const stops = SCALES[theme].map(channels);
  const at = Math.min(1, Math.max(0, value)) * (stops.length - 1);
  const low = Math.min(Math.floor(at), stops.length - 2);
  return stops[low].map((c, i) => Math.round(c + (stops[low + 1][i] - c) * (at - low)));
}

export const scaleGradient = (theme) => `linear-gradient(90deg, ${SCALES[theme].join(", ")})`;

/** Levels 0 to 1 by rank, so that a few large errors do not leave all others the same colour. */
function ranks(levels) {
  const counts = new Uint32Array(65537);
  for (const level of levels) ++counts[level + 1];
  for (let i = 0; i < 65536; ++i) counts[i + 1] += counts[i];
  return (i) => counts[levels[i]] / levels.length;
}

/** What points can be coloured by: {name, text, value(map, i)}; value is null for labels. */
export function colourings(data) {
  const list = [];
  if (data.labels) list.push({ name: "label", text: "Label", value: null });
  if (data.errors) {
    const rank = ranks(data.errors.levels);
    list.push({ name: "error", text: "Squared error", value: (map, i) => rank(i) });
  }
  if (data.maps.some((map) => map.quality)) {
    const share = (map, i) => (map.quality ? map.quality[i] / 255 : 0);
    list.push({ name: "quality", text: "Local quality", value: share });
  }
  if (list.length === 0) list.push({ name: "plain", text: "None", value: null });
  return list;
}

const FADED = 30; // opacity of what is not selected, of 255

/** Red, green, blue and opacity of each point of a map, and its shape. */
export function paint(data, map, state, opacity) {
  const colours = new Uint8Array(4 * data.count);
  const shapes = new Uint8Array(data.count);
  const palette = PALETTES[state.theme].map(channels);
  const { value } = state.colouring;
  const scale = value && Array.from({ length: 256 }, (_, i) => scaleColour(state.theme, i / 255));
  for (let i = 0; i < data.count; ++i) {
    const label = data.labels ? data.labels[i] : 0;
    const colour = value ? scale[Math.round(255 * value(map, i))] : palette[label % palette.length];
    const kept = isKept(data, state, i);
    colours[4 * i] = colour[0];
    colours[4 * i + 1] = colour[1];
    colours[4 * i + 2] = colour[2];
    colours[4 * i + 3] = kept ? opacity : FADED;
    shapes[i] = data.labels ? shapeOf(label) : 0;
  }
  return { colours, shapes };
}

/** Whether a point stands out: among the selected, where there are any, and of a label that is. */
export function isKept(data, state, i) {
  if (state.selected && !state.selected.has(i)) return false;
  return state.label === null || data.labels[i] === state.label;
}
