// Which point is where: points sorted into the cells of a square grid.

const POINTS_IN_CELL = 4;

export class Grid {
  constructor(points, extent) {
    this.points = points;
    const count = points.length / 2;
    this.cell = Math.sqrt((extent[0] * extent[1] * POINTS_IN_CELL) / Math.max(count, 1));
    this.columns = Math.max(1, Math.ceil(extent[0] / this.cell));
    this.rows = Math.max(1, Math.ceil(extent[1] / this.cell));
    // Counting sort: the points of cell c are those from starts[c] to starts[c + 1].
    this.starts = new Uint32Array(this.columns * this.rows + 1);
    const cells = new Uint32Array(count);
    for (let i = 0; i < count; ++i) {
      cells[i] = this.#row(points[2 * i + 1]) * this.columns + this.#column(points[2 * i]);
      ++this.starts[cells[i] + 1];
    }
    for (let c = 0; c < this.columns * this.rows; ++c) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    this.sorted = new Uint32Array(count);
    for (let i = 0; i < count; ++i) this.sorted[next[cells[i]]++] = i;
  }

  #column(x) {
    return Math.min(this.columns - 1, Math.max(0, Math.floor(x / this.cell)));
  }
  #row(y) {
    return Math.min(this.rows - 1, Math.max(0, Math.floor(y / this.cell)));
  }

  /** Calls visit(index) for the points of the cells that a box touches. */
  inBox(left, top, right, bottom, visit) {
    const [first, last] = [this.#column(left), this.#column(right)];
    for (let row = this.#row(top); row <= this.#row(bottom); ++row) {
      const from = this.starts[row * this.columns + first];
      const to = this.starts[row * this.columns + last + 1];
      for (let at = from; at < to; ++at) visit(this.sorted[at]);
    }
  }

  #distance(index, x, y) {
    return Math.hypot(this.points[2 * index] - x, this.points[2 * index + 1] - y);
  }

  /** The nearest point within `radius` that is wanted, or -1. */
  nearest(x, y, radius, wanted = () => true) {
    let [found, least] = [-1, radius];
    this.inBox(x - radius, y - radius, x + radius, y + radius, (index) => {
      const distance = this.#distance(index, x, y);
      if (distance <= least && wanted(index)) [found, least] = [index, distance];
    });
    return found;
  }

  /** The `count` nearest points, [{index, distance}, ...], nearest first. */
  nearestFew(x, y, count) {
    const far = Math.max(this.columns, this.rows) * this.cell * 2;
    for (let radius = this.cell; ; radius *= 2) {
      const found = [];
      this.inBox(x - radius, y - radius, x + radius, y + radius, (index) => {
        const distance = this.#distance(index, x, y);
        if (distance <= radius || radius > far) found.push({ index, distance });
      });
      if (found.length >= count || radius > far) {
        return found.sort((a, b) => a.distance - b.distance).slice(0, count);
      }
    }
  }

  /** The nearest point to one side of another, within 45 degrees of (dx, dy), or -1. */
  towards(index, dx, dy, wanted = () => true) {
    const [x, y] = [this.points[2 * index], this.points[2 * index + 1]];
    const ahead = (other) => {
      const [ox, oy] = [this.points[2 * other] - x, this.points[2 * other + 1] - y];
      const along = ox * dx + oy * dy;
      return along > 0 && Math.abs(ox * dy - oy * dx) <= along && wanted(other);
    };
    const far = Math.max(this.columns, this.rows) * this.cell * 2;
    for (let radius = this.cell; radius < far * 2; radius *= 2) {
      const found = this.nearest(x, y, radius, ahead);
      if (found >= 0) return found;
    }
    return -1;
  }

  /** The points inside a polygon [[x, y], ...], by increasing index. */
  inPolygon(polygon) {
    const [xs, ys] = [polygon.map((corner) => corner[0]), polygon.map((corner) => corner[1])];
    const found = [];
    this.inBox(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys), (index) => {
      if (contains(polygon, this.points[2 * index], this.points[2 * index + 1])) found.push(index);
    });
    return found.sort((a, b) => a - b);
  }
}

/** By how often a ray to the right crosses the polygon's sides. */
function contains(polygon, x, y) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [[ax, ay], [bx, by]] = [polygon[i], polygon[j]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
