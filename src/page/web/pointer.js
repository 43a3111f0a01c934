// Mouse, pen and fingers on a map: point, drag, draw a lasso or a path, zoom.

const STILL = 4; // pixels that a click may move

/** Follows the pointers on a view. `tools` has what the tools do with what is drawn. */
export function followPointers(view, state, tools) {
  const { surface, camera } = view;
  const down = new Map(); // pointers that are down: id -> place
  let start = null;
  let moved = false;

  const placeOf = (event) => {
    const box = surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  /** A tool of one's own choosing for a moment: with Shift, the lasso; with Alt, a path. */
  const toolOf = (event) => {
    if (event.shiftKey) return "lasso";
    return event.altKey && tools.path ? "path" : state.tool;
  };

  const lookAt = (px, py) => {
    const hover = view.pick(px, py);
    const [x, y] = camera.toMap(px, py);
    const between = hover < 0 && tools.imagines && !view.film;
    state.set({ hover, place: between ? { view, x, y } : null });
  };

  const pinch = (event) => {
    const [other] = [...down].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
    const before = down.get(event.pointerId);
    const now = placeOf(event);
    const distance = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
    camera.zoomAt(...other, distance(now) / Math.max(1, distance(before)));
    down.set(event.pointerId, now);
    view.redraw();
  };

  const drag = (event) => {
    const before = down.get(event.pointerId);
    const now = placeOf(event);
    if (Math.hypot(now[0] - start.at[0], now[1] - start.at[1]) > STILL) moved = true;
    if (!moved) return;
    down.set(event.pointerId, now);
    if (start.tool === "lasso") {
      view.lasso ??= [camera.toMap(...start.at)];
      view.lasso.push(camera.toMap(...now));
      view.redraw(false);
    } else if (start.tool === "path" && start.index >= 0) {
      view.trail = [camera.toMap(...start.at), camera.toMap(...now)];
      lookAt(...now);
      view.redraw(false);
    } else {
      camera.pan(now[0] - before[0], now[1] - before[1]);
      view.redraw();
    }
  };

  const drop = (event) => {
    const at = placeOf(event);
    if (view.lasso) tools.lasso(view, view.lasso);
    if (view.trail) tools.path(start.index, view.pick(...at, 24));
    if (!moved) tools.click(view, view.pick(...at), event);
    [view.lasso, view.trail] = [null, null];
    view.redraw(false);
  };

  surface.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    surface.setPointerCapture(event.pointerId);
    const at = placeOf(event);
    down.set(event.pointerId, at);
    if (down.size > 1) {
      [view.lasso, view.trail, moved] = [null, null, true]; // two fingers zoom
      return;
    }
    moved = false;
    start = { at, tool: toolOf(event), index: view.pick(...at) };
    if (event.pointerType !== "mouse") lookAt(...at);
  });
  surface.addEventListener("pointermove", (event) => {
    if (down.size > 1 && down.has(event.pointerId)) pinch(event);
    else if (down.has(event.pointerId)) drag(event);
    else lookAt(...placeOf(event));
  });
  const up = (event) => {
    if (!down.delete(event.pointerId) || down.size > 0) return;
    if (event.type === "pointerup") drop(event);
  };
  surface.addEventListener("pointerup", up);
  surface.addEventListener("pointercancel", (event) => {
    [view.lasso, view.trail] = [null, null];
    up(event);
    view.redraw(false);
  });
  surface.addEventListener("pointerleave", () => {
    if (down.size === 0) state.set({ hover: -1, place: null });
  });
  surface.addEventListener("dblclick", (event) => {
    const index = view.pick(...placeOf(event));
    if (index >= 0) view.flyTo(index);
  });
  surface.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 20 : 1;
      camera.zoomAt(...placeOf(event), 1.0015 ** (-event.deltaY * lines));
      view.redraw();
    },
    { passive: false },
  );
}
