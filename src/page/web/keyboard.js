// A map by keyboard: arrows walk from point to point, Enter pins, plus and minus zoom.
import { isKept } from "./colours.js";

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const MARGIN_SEEN = 30; // pixels from the edge at which the map follows

/** Where a walk begins: the point that is pinned, else the one nearest to the middle. */
function firstPoint(view, state) {
  if (state.pinned >= 0) return state.pinned;
  const { camera } = view;
  return view.grid.nearest(camera.x, camera.y, Infinity, (i) => isKept(view.data, state, i));
}

function walk(view, state, [dx, dy]) {
  if (view.film) return;
  const wanted = (i) => isKept(view.data, state, i);
  const next =
    state.hover < 0 ? firstPoint(view, state) : view.grid.towards(state.hover, dx, dy, wanted);
  if (next < 0) return;
  state.set({ hover: next, place: null });
  const [x, y] = view.screen(next);
  const { camera } = view;
  const beyond = (at, size) =>
    Math.min(0, at - MARGIN_SEEN) + Math.max(0, at - (size - MARGIN_SEEN));
  const [right, lower] = [beyond(x, camera.width), beyond(y, camera.height)];
  if (right !== 0 || lower !== 0) {
    camera.pan(-right, -lower);
    view.redraw();
  }
}

export function followKeys(view, state, actions) {
  const middle = () =>
    state.hover >= 0 ? view.screen(state.hover) : [view.camera.width / 2, view.camera.height / 2];
  const zoom = (factor) => {
    view.camera.zoomAt(...middle(), factor);
    view.redraw();
  };
  const keys = {
    Enter: () => actions.pin(state.hover),
    " ": () => actions.pin(state.hover),
    Escape: () => actions.clear(),
    "+": () => zoom(1.5),
    "=": () => zoom(1.5),
    "-": () => zoom(1 / 1.5),
    0: () => view.flyHome(),
    Home: () => view.flyHome(),
  };
  view.surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = DIRECTIONS[event.key];
    const action = direction ? () => walk(view, state, direction) : keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
