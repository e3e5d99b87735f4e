/** A column if the frame's network has it; 0 otherwise. */
function withinFrame(column, frame) {
  const width = frame.layers.reduce((sum, layer) => sum + layer.width, 0);
  return column <= width ? column : 0;
}

/** The selection: pointer, pinned region and marked neuron. It stays when the frame changes. */
export class Selection {
  constructor() {
    this.pointer = null; // place of the mouse or the cross-hair, in CSS pixels of the plot
    this.crossHair = false; // whether keys have moved the pointer
    this.pinned = null; // the hash of the pinned region's pattern
    this.column = 0; // of the marked neuron, counted from 1; 0 for none
    this.pointedColumn = 0; // of the neuron whose square is under the mouse
  }

  /** The number of the pinned region in a frame: -1 if it does not exist there, null if unpinned. */
  regionIn(frame) {
    return this.pinned === null ? null : (frame.regionOf.get(this.pinned) ?? -1);
  }

  /** Pin a region, or unpin it. */
  pin(hash) {
    this.pinned = this.pinned === hash ? null : hash;
  }

  /** Mark a neuron, to show its whole boundary, or unmark it. */
  mark(column) {
    this.column = column === this.column ? 0 : column;
  }

  /** The column of the marked neuron in a frame; 0 for none, or if the network is narrower. */
  columnIn(frame) {
    return withinFrame(this.column, frame);
  }

  /** The column of the neuron whose boundary is drawn: that of the square under the mouse first. */
  drawnColumnIn(frame) {
    return withinFrame(this.pointedColumn, frame) || this.columnIn(frame);
  }

  moveCrossHair([dx, dy], { width, height }) {
    const from = this.pointer ?? { x: width / 2, y: height / 2 };
    const within = (value, size) => Math.min(size - 1, Math.max(0, value));
    this.pointer = { x: within(from.x + dx, width), y: within(from.y + dy, height) };
    this.crossHair = true;
  }

  /** Clear the selection; returns whether there was one. */
  release() {
    const hadSelection = this.pinned !== null || this.column !== 0 || this.crossHair;
    [this.pinned, this.column, this.crossHair] = [null, 0, false];
    if (hadSelection) this.pointer = null;
    return hadSelection;
  }
}
