// Packed frames: blocks of bytes written by splineviz/display/packing.py.

/** Read a block: {arrays, meta}. */
export function unpack(view) {
  const typed = { f4: Float32Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array };
  const magic = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset, 4));
  if (magic !== "SVF1") throw new Error(`not a packed frame: it starts with ${magic}`);
  // Typed arrays need aligned bytes, and a block may be anywhere in a message.
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

/** Where each group of `sizes` starts, and where the last one ends. */
export function offsets(sizes) {
  const starts = new Uint32Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i++) starts[i + 1] = starts[i] + sizes[i];
  return starts;
}

/** Concatenate two arrays of integers. */
export function concatenate(first, second) {
  const all = new Uint32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/**
 * Decode the rings of all polygons: those of the regions, then those of the pieces. A piece is the
 * part of a region where another class is predicted; `owners` are the regions of the pieces.
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
    ringVertices: concatenate(arrays.ring_vertices, arrays.piece_vertices),
    ringOffsets: offsets(concatenate(arrays.ring_sizes, arrays.piece_ring_sizes)),
    regionOffsets: offsets(concatenate(regionSizes, pieceSizes)),
    owners: arrays.piece_regions,
  };
}
