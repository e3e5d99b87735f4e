// Blocks of bytes written by splineviz/display/packing.py.

/** Read a block: {arrays, meta}. */
export function unpack(view) {
  const typed = { f4: Float32Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array };
  const magic = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset, 4));
  if (magic !== "SVF1") throw new Error(`not a packed frame: it starts with ${magic}`);
  // Typed arrays need aligned bytes; a message may put a block anywhere.
  const aligned = view.byteOffset % 4 === 0;
  const buffer = aligned
    ? view.buffer
    : view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
  const base = aligned ? view.byteOffset : 0;
  const length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, base + 8, length)));
  const arrays = {};
  for (const [name, [type, shape, offset]] of Object.entries(header.arrays)) {
    const count = shape.reduce((product, size) => product * size, 1);
    arrays[name] = new typed[type](buffer, base + 8 + length + offset, count);
  }
  return { arrays, meta: header.meta };
}

/** Where each run of `sizes` starts, and where the last one ends. */
export function offsets(sizes) {
  const starts = new Uint32Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i++) starts[i + 1] = starts[i] + sizes[i];
  return starts;
}

/** Two arrays of integers, one behind the other. */
export function joined(first, second) {
  const all = new Uint32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/**
 * The rings of the regions, as the drawing code wants them; behind them those of the pieces in which
 * another class wins than in the rest of their region. `owners` are the regions of the pieces.
 */
export function decodeRings(arrays) {
  // Without sizes every polygon has one ring.
  const ringsOf = (sizes, rings) =>
    sizes.length ? sizes : new Uint8Array(rings.length).fill(1);
  const regionSizes = ringsOf(arrays.region_sizes, arrays.ring_sizes);
  const pieceSizes = ringsOf(arrays.piece_sizes, arrays.piece_ring_sizes);
  return {
    count: regionSizes.length,
    vertices: arrays.vertices,
    ringVertices: joined(arrays.ring_vertices, arrays.piece_vertices),
    ringOffsets: offsets(joined(arrays.ring_sizes, arrays.piece_ring_sizes)),
    regionOffsets: offsets(joined(regionSizes, pieceSizes)),
    owners: arrays.piece_regions,
  };
}
