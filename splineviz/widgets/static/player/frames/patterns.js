// Activation patterns: which neurons are active in a region. A layer has a row of bits for each of
// its cells. The next layer divides each cell further; the cells of the last layer are the regions.

/** For each layer, the cell that contains each region. */
export function cellsOfRegions(frame) {
  let cells = Uint32Array.from({ length: frame.count }, (_, region) => region);
  const cellsOfLayers = [];
  for (const layer of [...frame.layers].reverse()) {
    cellsOfLayers.unshift(cells);
    if (!layer.cells) break;
    const parents = new Uint32Array(layer.cells.reduce((sum, size) => sum + size, 0));
    let next = 0;
    layer.cells.forEach((size, parent) => {
      parents.fill(parent, next, next + size);
      next += size;
    });
    cells = cells.map((cell) => parents[cell]);
  }
  return cellsOfLayers;
}

const bytesOf = (layer) => (layer.width + 7) >> 3;

/** The FNV-1a hash of each region's pattern, the same as in splineviz/partition/patterns.py. */
export function patternHashes(frame) {
  const hashes = new Uint32Array(frame.count).fill(0x811c9dc5);
  cellsOfRegions(frame).forEach((cells, k) => {
    const layer = frame.layers[k];
    const size = bytesOf(layer);
    for (let region = 0; region < frame.count; region++) {
      const row = cells[region] * size;
      let hash = hashes[region];
      for (let i = 0; i < size; i++) hash = Math.imul(hash ^ layer.bits[row + i], 0x01000193);
      hashes[region] = hash;
    }
  });
  return hashes;
}

/** The number of active neurons, for each layer and each region. */
export function activeCounts(frame) {
  return cellsOfRegions(frame).map((cells, k) => {
    const layer = frame.layers[k];
    const size = bytesOf(layer);
    const counts = new Uint32Array(layer.bits.length / size);
    layer.bits.forEach((byte, place) => {
      for (let rest = byte; rest; rest &= rest - 1) counts[Math.floor(place / size)]++;
    });
    return Uint32Array.from(cells, (cell) => counts[cell]);
  });
}

/** Whether one neuron is active (0 or 1), for each region. */
export function neuronActivity(frame, { layer, neuron }) {
  const cells = cellsOfRegions(frame)[layer];
  const { bits } = frame.layers[layer];
  const size = bytesOf(frame.layers[layer]);
  const [byte, bit] = [neuron >> 3, neuron & 7];
  return Uint8Array.from(cells, (cell) => (bits[cell * size + byte] >> bit) & 1);
}

/** Which neurons of a layer have a boundary in the slice: those active in some regions only. */
export function boundaryNeurons(frame, layer) {
  const { bits, width } = frame.layers[layer];
  const size = bytesOf(frame.layers[layer]);
  const changing = new Uint8Array(size);
  bits.forEach((byte, place) => {
    changing[place % size] |= byte ^ bits[place % size];
  });
  return Array.from({ length: width }, (_, n) => ((changing[n >> 3] >> (n & 7)) & 1) === 1);
}

/** The number of neurons of a layer with a boundary in the slice. */
export function countBoundaryNeurons(frame, layer) {
  return boundaryNeurons(frame, layer).filter(Boolean).length;
}

/** Return a function of two regions: the first neuron of a layer where they differ, or -1. */
export function firstDifferingNeuron(frame, layer) {
  const cells = cellsOfRegions(frame)[layer];
  const { bits } = frame.layers[layer];
  const size = bytesOf(frame.layers[layer]);
  return (region, other) => {
    const [a, b] = [cells[region] * size, cells[other] * size];
    for (let i = 0; i < size; i++) {
      const differ = bits[a + i] ^ bits[b + i];
      if (differ) return 8 * i + 31 - Math.clz32(differ & -differ);
    }
    return -1;
  };
}

/** The pattern of one region: a list of booleans for each layer. `known` are the cells of regions. */
export function patternOf(frame, region, known = cellsOfRegions(frame)) {
  return known.map((cells, k) => {
    const layer = frame.layers[k];
    const row = cells[region] * bytesOf(layer);
    return Array.from(
      { length: layer.width },
      (_, n) => ((layer.bits[row + (n >> 3)] >> (n & 7)) & 1) === 1,
    );
  });
}

/**
 * Compare the regions of a frame with those of an earlier one, by their patterns: which regions of
 * `frame` were born, and which of `earlier` have vanished.
 */
export function compareFrames(frame, earlier) {
  const born = Uint8Array.from(frame.hashes, (hash) => !earlier.regionOf.has(hash));
  const vanished = Uint8Array.from(earlier.hashes, (hash) => !frame.regionOf.has(hash));
  const sum = (flags) => flags.reduce((total, flag) => total + flag, 0);
  const count = { born: sum(born), vanished: sum(vanished), kept: 0 };
  count.kept = frame.count - count.born;
  return { born, vanished, count };
}
