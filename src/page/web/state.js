// What the page is doing, and who wants to know: parts of the page change it and follow it, and do
// not know each other.

export class State {
  constructor(values) {
    Object.assign(this, values);
    this.followers = [];
  }

  /** Calls follow(state) whenever one of these names changes. */
  on(names, follow) {
    this.followers.push({ names, follow });
  }

  set(changes) {
    const changed = Object.keys(changes).filter((name) => this[name] !== changes[name]);
    Object.assign(this, changes);
    for (const { names, follow } of this.followers) {
      if (names.some((name) => changed.includes(name))) follow(this);
    }
  }
}
