// The maps as they are seen now, with what the colours mean, as a PNG.
import { colourOf, shapeOf } from "./colours.js";
import { download } from "./element.js";
import { traceShape } from "./shapes.js";

const GAP = 24;
const HEADING = 40;
const LEGEND = 44;

export function drawViews(data, state, views) {
  const ratio = views[0].ratio;
  const heights = views.map((view) => view.camera.height);
  const width = views.reduce((sum, view) => sum + view.camera.width + GAP, GAP);
  const height = Math.max(...heights) + HEADING + LEGEND;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const style = getComputedStyle(document.body);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, width, height);
  context.textBaseline = "middle";
  let left = GAP;
  for (const view of views) {
    view.dirty.points = true;
    view.draw(); // WebGL's picture is only there until the browser has shown it
    context.font = "600 18px system-ui, sans-serif";
    context.fillStyle = style.color;
    context.fillText(view.name, left, HEADING / 2);
    for (const layer of [view.pointCanvas, view.overlay]) {
      context.drawImage(layer, left, HEADING, view.camera.width, view.camera.height);
    }
    left += view.camera.width + GAP;
  }
  if (data.labels && !state.colouring.value) {
    drawLegend(context, data, state, width - 2 * GAP, height - LEGEND / 2, style.color);
  }
  return canvas;
}

function drawLegend(context, data, state, width, y, ink) {
  context.font = "14px system-ui, sans-serif";
  let x = GAP;
  for (const [label, name] of data.names.entries()) {
    const next = x + context.measureText(name).width + 36;
    if (next > width) break;
    context.fillStyle = colourOf(state.theme, label);
    context.beginPath();
    traceShape(context, shapeOf(label), x + 6, y, 6);
    context.fill();
    context.fillStyle = ink;
    context.fillText(name, x + 18, y);
    x = next;
  }
}

export function savePicture(data, state, views) {
  drawViews(data, state, views).toBlob((blob) => download(blob, "map.png"), "image/png");
}
