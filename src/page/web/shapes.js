// A shape for each colour, so that no label is told by its colour alone. One outline serves the
// legend, the points and the picture that is saved.

const corners = (count, turn, radius = 1) =>
  Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count + turn;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
const cross = (w) => [
  [-w, -1], [w, -1], [w, -w], [1, -w], [1, w], [w, w],
  [w, 1], [-w, 1], [-w, w], [-1, w], [-1, -w], [-w, -w],
];
const turned = (outline, angle) =>
  outline.map(([x, y]) => [
    x * Math.cos(angle) - y * Math.sin(angle),
    x * Math.sin(angle) + y * Math.cos(angle),
  ]);
const star = corners(10, -Math.PI / 2).map(([x, y], i) => (i % 2 ? [x * 0.45, y * 0.45] : [x, y]));

const OUTLINES = [
  corners(24, 0, 0.86), // disc
  corners(4, Math.PI / 4, 1.05), // square
  corners(3, -Math.PI / 2, 1.1), // triangle
  corners(4, 0, 1.05), // diamond
  cross(0.34), // plus
  corners(3, Math.PI / 2, 1.1), // triangle, point down
  star,
  turned(cross(0.3), Math.PI / 4), // x
  corners(6, 0), // hexagon
  [[-0.5, -1], [0.5, -1], [0.5, 1], [-0.5, 1]], // bar
];

export const SHAPES = OUTLINES.length;

/** Adds the outline of a shape to the current path. */
export function traceShape(context, shape, x, y, radius) {
  OUTLINES[shape % SHAPES].forEach(([dx, dy], i) => {
    const to = i === 0 ? "moveTo" : "lineTo";
    context[to](x + dx * radius, y + dy * radius);
  });
  context.closePath();
}

/** All shapes side by side, white, each in a square of this side. */
export function shapeStrip(side) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [side * SHAPES, side];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  for (let shape = 0; shape < SHAPES; ++shape) {
    context.beginPath();
    traceShape(context, shape, (shape + 0.5) * side, side / 2, 0.44 * side);
    context.fill();
  }
  return canvas;
}
