/** What is pointed at, pinned and marked. It stays while frames come and go. */
export class Selection {
  constructor() {
    this.pointer = null; // where the mouse or the cross-hair is, in CSS pixels of the plot
    this.crossHair = false; // whether keys have put it there
    this.pinned = null; // the hash of the pinned region's pattern
    this.column = 0; // of the neuron whose boundary is shown, 0 for none
  }

  /** The pinned region's number in a frame: -1 where it is not in it, null if none is pinned. */
  regionIn(frame) {
    return this.pinned === null ? null : (frame.regionOf.get(this.pinned) ?? -1);
  }

  /** Pin a region, or let go of it. */
  pin(hash) {
    this.pinned = this.pinned === hash ? null : hash;
  }

  /** Show the boundary of a neuron, or no longer. */
  mark(column) {
    this.column = column === this.column ? 0 : column;
  }

  /** The marked neuron's column in a frame; 0 if none is marked, or the network is too narrow. */
  columnIn(frame) {
    const width = frame.layers.reduce((sum, layer) => sum + layer.width, 0);
    return this.column <= width ? this.column : 0;
  }

  moveCrossHair([dx, dy], { width, height }) {
    const from = this.pointer ?? { x: width / 2, y: height / 2 };
    const within = (value, size) => Math.min(size - 1, Math.max(0, value));
    this.pointer = { x: within(from.x + dx, width), y: within(from.y + dy, height) };
    this.crossHair = true;
  }

  /** Let go of all; returns whether there was anything. */
  letGo() {
    const held = this.pinned !== null || this.column !== 0 || this.crossHair;
    [this.pinned, this.column, this.crossHair] = [null, 0, false];
    if (held) this.pointer = null;
    return held;
  }
}
