// The picture of all linear regions of one checkpoint, and scrubbing through a run of them.
//
// Every polygon is filled row by row into a buffer of region numbers (the id buffer). Colours are
// looked up by region, a boundary is where neighbouring numbers differ, hovering is one look-up.
// Recolouring needs no geometry, and nothing here waits for the kernel.
//
// The pure helpers come first and are exported for the tests; `render` at the end puts them
// together. Text that comes from a run only ever becomes text, never HTML.

const CACHE_BYTES = 64 * 2 ** 20;
const PLOT_HEIGHTS = [320, 620]; // CSS pixels
const BESIDE_PLOT = 300; // what a page needs above and below: toolbars, controls, colour bar, axis
const LONGEST_TICK = 7; // characters
const OUTSIDE = 0; // the id of a pixel outside the slice's domain; region r has the id r + 1
const OUTLINE = 0xff303030;
const NO_VALUE = 0xff9a9a9a;
const SVG = "http://www.w3.org/2000/svg";

// ---------------------------------------------------------------- packed frames

const TYPED = { f4: Float32Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array };

/** Read a block written by splineviz/display/packing.py: {arrays, meta}. */
export function unpack(view) {
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
    arrays[name] = new TYPED[type](buffer, base + 8 + length + offset, count);
  }
  return { arrays, meta: header.meta };
}

/** Where each run of `sizes` starts, and where the last one ends. */
export function offsets(sizes) {
  const starts = new Uint32Array(sizes.length + 1);
  for (let i = 0; i < sizes.length; i++) starts[i + 1] = starts[i] + sizes[i];
  return starts;
}

/** One frame as the drawing code wants it. */
export function decodeFrame(view) {
  const { arrays, meta } = unpack(view);
  const values = {};
  for (const name of Object.keys(arrays)) {
    if (name.startsWith("value:")) values[name.slice(6)] = arrays[name];
  }
  return {
    step: meta.step,
    count: arrays.region_sizes.length,
    vertices: arrays.vertices,
    ringVertices: arrays.ring_vertices,
    ringOffsets: offsets(arrays.ring_sizes),
    regionOffsets: offsets(arrays.region_sizes),
    boundary: arrays.boundary,
    boundaryOffsets: offsets(arrays.boundary_sizes),
    values,
  };
}

// ---------------------------------------------------------------- the id buffer

/**
 * The map from coordinates to pixels: y points up in the slice, down on the screen. Frames, points
 * and anchors count from the lower corner of the bounds: `x`, `y`; `absoluteX` and the like take
 * and give coordinates of the slice itself.
 */
export function makeView(bounds, width, height) {
  const [xmin, ymin, xmax, ymax] = bounds;
  const scaleX = width / (xmax - xmin);
  const scaleY = height / (ymax - ymin);
  return {
    x: (x) => x * scaleX,
    y: (y) => (ymax - ymin - y) * scaleY,
    absoluteX: (x) => (x - xmin) * scaleX,
    absoluteY: (y) => (ymax - y) * scaleY,
    inverseX: (px) => xmin + px / scaleX,
    inverseY: (py) => ymax - py / scaleY,
    pixelX: 1 / scaleX,
    pixelY: 1 / scaleY,
  };
}

/** The array type that holds the ids of so many regions. */
export function idType(count) {
  return count < 65535 ? Uint16Array : Uint32Array;
}

/** The first pixel whose centre is not before a position. */
const firstCentre = (position) => Math.ceil(position - 0.5);

/**
 * Fill every region into a buffer of ids. A pixel belongs to the region that holds its centre, so
 * regions that share an edge leave no gap and never overlap.
 */
export function fillIds(frame, view, width, height) {
  const { vertices, ringVertices, ringOffsets, regionOffsets, count } = frame;
  const ids = new (idType(count))(width * height);
  const px = new Float64Array(vertices.length / 2);
  const py = new Float64Array(vertices.length / 2);
  for (let v = 0; v < px.length; v++) {
    px[v] = view.x(vertices[2 * v]);
    py[v] = view.y(vertices[2 * v + 1]);
  }
  // The crossings of a row with the region's edges: two for a convex region; for others the rest
  // goes to `more`, one list a row.
  const first = new Float64Array(height);
  const second = new Float64Array(height);
  const hits = new Int32Array(height);
  const more = new Map();

  const addEdge = (a, b) => {
    // Always from the upper end, so that both neighbours of an edge compute the same crossing.
    if (py[a] > py[b]) [a, b] = [b, a];
    const start = Math.max(0, firstCentre(py[a]));
    const end = Math.min(height, firstCentre(py[b]));
    if (start >= end) return;
    const slope = (px[b] - px[a]) / (py[b] - py[a]);
    for (let row = start; row < end; row++) {
      const x = px[a] + (row + 0.5 - py[a]) * slope;
      const hit = hits[row]++;
      if (hit === 0) first[row] = x;
      else if (hit === 1) second[row] = x;
      else if (more.has(row)) more.get(row).push(x);
      else more.set(row, [x]);
    }
  };
  const fillSpan = (row, x0, x1, id) => {
    const start = row * width + Math.max(0, firstCentre(x0));
    const end = row * width + Math.min(width, firstCentre(x1));
    for (let p = start; p < end; p++) ids[p] = id;
  };

  for (let region = 0; region < count; region++) {
    const rings = regionOffsets[region + 1];
    let top = Infinity;
    let bottom = -Infinity;
    for (let ring = regionOffsets[region]; ring < rings; ring++) {
      const end = ringOffsets[ring + 1];
      let previous = ringVertices[end - 1];
      for (let k = ringOffsets[ring]; k < end; k++) {
        const vertex = ringVertices[k];
        if (py[vertex] < top) top = py[vertex];
        if (py[vertex] > bottom) bottom = py[vertex];
        addEdge(previous, vertex);
        previous = vertex;
      }
    }
    const last = Math.min(height, firstCentre(bottom));
    for (let row = Math.max(0, firstCentre(top)); row < last; row++) {
      if (hits[row] === 2) {
        if (first[row] < second[row]) fillSpan(row, first[row], second[row], region + 1);
        else fillSpan(row, second[row], first[row], region + 1);
      } else if (hits[row] > 2) {
        const crossings = [first[row], second[row], ...more.get(row)].sort((a, b) => a - b);
        for (let k = 0; k + 1 < crossings.length; k += 2) {
          fillSpan(row, crossings[k], crossings[k + 1], region + 1);
        }
      }
      hits[row] = 0;
    }
    if (more.size) more.clear();
  }
  return ids;
}

/** Colour the pixels by id: `fill` inside of regions, `line` where neighbouring ids differ. */
export function paint(ids, width, height, fill, line, out) {
  for (let row = 0; row < height; row++) {
    const below = row + 1 < height ? width : 0;
    const last = row * width + width - 1;
    let id = ids[row * width];
    for (let p = row * width; p < last; p++) {
      const right = ids[p + 1];
      out[p] = id === right && id === ids[p + below] ? fill[id] : line[id];
      id = right;
    }
    out[last] = id === ids[last + below] ? fill[id] : line[id];
  }
  return out;
}

/** A map that forgets what was used longest ago once its values take up too many bytes. */
export class ByteCache {
  constructor(limit) {
    this.limit = limit;
    this.bytes = 0;
    this.entries = new Map();
  }

  has(key) {
    return this.entries.has(key);
  }

  get(key) {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  /** Whether one more value of this size would fit without forgetting another. */
  hasRoom(bytes) {
    return this.bytes + bytes <= this.limit;
  }

  set(key, value) {
    this.delete(key);
    this.entries.set(key, value);
    this.bytes += value.byteLength;
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.limit || oldest === key) break;
      this.delete(oldest);
    }
  }

  delete(key) {
    const value = this.entries.get(key);
    if (value === undefined) return;
    this.entries.delete(key);
    this.bytes -= value.byteLength;
  }

  clear() {
    this.entries.clear();
    this.bytes = 0;
  }
}

// ---------------------------------------------------------------- colours

/** "#rrggbb" as a pixel of an ImageData seen as Uint32 (little-endian: alpha, blue, green, red). */
export function pixelOf(hex) {
  const rgb = parseInt(hex.slice(1), 16);
  return (0xff000000 | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}

/** A pixel moved towards black: 0 leaves it, 1 is black. */
export function darken(pixel, amount) {
  const keep = 1 - amount;
  const red = (pixel & 0xff) * keep;
  const green = ((pixel >> 8) & 0xff) * keep;
  const blue = ((pixel >> 16) & 0xff) * keep;
  return ((pixel & 0xff000000) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Where a value lies between the limits of a scale, from 0 to 1; NaN if it has no place. */
export function position(value, scale, [low, high]) {
  const place =
    scale === "log"
      ? Math.log(Math.max(value, 0) / low) / Math.log(high / low)
      : (value - low) / (high - low);
  return Math.min(1, Math.max(0, place));
}

/** The colour of each id under a colouring; `limits` is null for categories. */
export function colorsOf(values, coloring, limits) {
  const table = Uint32Array.from(coloring.colors, pixelOf);
  const colors = new Uint32Array(values.length + 1);
  for (let region = 0; region < values.length; region++) {
    let color = NO_VALUE;
    if (coloring.scale === "category") {
      color = table[values[region] % table.length];
    } else if (limits) {
      const place = position(values[region], coloring.scale, limits);
      if (place >= 0) color = table[Math.round(place * (table.length - 1))];
    }
    colors[region + 1] = color;
  }
  return colors;
}

// ---------------------------------------------------------------- ticks and numbers

/** Round numbers (1, 2 or 5 times a power of ten apart) from low to high, about `count` of them. */
export function linearTicks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
    ticks.push(Number((k * step).toPrecision(15)) + 0);
  }
  return ticks;
}

/** A number with a fixed number of decimals, thousands apart. */
function withDecimals(value, decimals) {
  const digits = Math.min(20, Math.max(0, decimals));
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString("en-US", format);
}

/**
 * What to write at the ticks of an axis: as many decimals as the distance of two ticks asks for.
 * Where that takes too much room the texts count from the first tick, and `base` is its text,
 * signed to be written behind the axis' label; otherwise it is empty.
 */
export function tickTexts(ticks) {
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : Math.abs(ticks[0]) || 1;
  const decimals = -Math.floor(Math.log10(step) + 1e-6);
  const texts = ticks.map((tick) => withDecimals(tick, decimals));
  if (texts.every((text) => text.length <= LONGEST_TICK)) return { texts, base: "" };
  const size = withDecimals(Math.abs(ticks[0]), decimals);
  const base = ticks[0] === 0 ? "" : ` ${ticks[0] > 0 ? "−" : "+"} ${size}`;
  return { texts: ticks.map((tick) => formatNumber(tick - ticks[0])), base };
}

/** A coordinate to the nearest pixel: with three digits, or more where pixels are finer. */
export function formatCoordinate(value, pixel) {
  if (Math.abs(value) < 1000 * pixel) return formatNumber(value);
  return withDecimals(value, Math.ceil(-Math.log10(pixel)));
}

/** Powers of ten from low to high; over less than two decades 1, 2 and 5 times them as well. */
export function logTicks(low, high) {
  const factors = high / low < 99 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const factor of factors) {
      const tick = Number(`${factor}e${power}`);
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

/** A number for people: three digits, thousands apart, powers of ten where it is small or large. */
export function formatNumber(value) {
  if (!Number.isFinite(value)) return "undefined";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return value.toLocaleString("en-US");
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) return String(Number(value.toPrecision(3)));
  const [mantissa, exponent] = value.toExponential(2).split("e");
  const raised = (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)];
  const power = `10${[...String(Number(exponent))].map(raised).join("")}`;
  return Number(mantissa) === 1 ? power : `${Number(mantissa)}·${power}`;
}

/** The checkpoint that a key asks for, or null if the key means nothing here. */
export function indexAfterKey(key, index, count) {
  const leap = Math.max(1, Math.round(count / 10));
  const moves = {
    ArrowRight: index + 1,
    ArrowUp: index + 1,
    ArrowLeft: index - 1,
    ArrowDown: index - 1,
    PageUp: index + leap,
    PageDown: index - leap,
    Home: 0,
    End: count - 1,
  };
  if (!(key in moves)) return null;
  return Math.min(count - 1, Math.max(0, moves[key]));
}

/** The frames worth preparing, the most useful first: onwards in the direction of travel. */
export function upcoming(index, count, direction) {
  const order = [];
  for (let k = 1; k < count; k++) {
    order.push((((index + direction * k) % count) + count) % count);
  }
  return order;
}

/** Where a tip goes: beside the pointer, on the side with more room, inside the plot. */
export function tipPlace(pointer, plot, tip) {
  const beside = (at, room, size) => {
    const after = at + 14;
    const before = at - 14 - size;
    const place = at > room / 2 ? before : after;
    return Math.max(0, Math.min(place, room - size));
  };
  return [beside(pointer.x, plot.width, tip.width), beside(pointer.y, plot.height, tip.height)];
}

/** What is said in place of a frame that is not there. */
export function missingText(message, step, live) {
  if (message) return message;
  const missing = `Step ${formatNumber(step)} is not computed yet`;
  return live ? missing : `${missing}; the kernel has stopped: run the cell again`;
}

/** What is known about a region, as [title, text] pairs. */
export function regionFacts(frame, region, colorings, classNames) {
  const facts = [];
  for (const { name, title, scale, labels } of colorings) {
    if (!(name in frame.values)) continue;
    const value = frame.values[name][region];
    if (labels === "classes") facts.push([title, classNames[value] ?? String(value)]);
    else if (scale !== "category") facts.push([title, formatNumber(value)]);
  }
  return facts;
}

// ---------------------------------------------------------------- parts of the picture

function element(tag, className, parent, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  parent?.append(node);
  return node;
}

function svgElement(tag, attributes, parent, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

/** The fixed skeleton of the widget. */
function buildScene(el) {
  const root = element("div", "sv-regions", el);
  const header = element("div", "sv-header", root);
  const plot = element("div", "sv-plot", root);
  plot.tabIndex = 0;
  plot.setAttribute("role", "img");
  const scene = {
    root,
    header,
    plot,
    fill: element("canvas", "sv-fill", plot),
    lines: element("canvas", "sv-lines", plot),
    points: element("canvas", "sv-points", plot),
    axes: svgElement("svg", { class: "sv-axes" }, plot),
    message: element("div", "sv-message", plot),
    tip: element("div", "sv-tip", plot),
    legend: element("div", "sv-legend", root),
    status: element("div", "sv-status", root),
  };
  scene.tip.hidden = true;
  return scene;
}

/** The colour bar, or the classes' swatches, above the plot. */
function drawHeader(header, coloring, limits, classNames) {
  const unit = coloring.unit ? ` (${coloring.unit})` : "";
  header.replaceChildren();
  element("div", "sv-title", header, `${coloring.title}${unit}`);
  if (coloring.labels === "classes") {
    const row = element("div", "sv-swatches", header);
    classNames.forEach((name, index) => {
      const entry = element("span", "sv-entry", row);
      element("span", "sv-swatch", entry).style.background =
        coloring.colors[index % coloring.colors.length];
      element("span", "", entry, name);
    });
  } else if (coloring.scale === "category") {
    element("div", "sv-note", header, "regions of the same colour across steps: the same pattern");
  } else if (limits) {
    const bar = element("div", "sv-bar", header);
    const stops = coloring.colors.filter((_, index) => index % 15 === 0);
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const scale = element("div", "sv-bar-ticks", header);
    const ticks =
      coloring.scale === "log" ? logTicks(...limits) : linearTicks(limits[0], limits[1], 5);
    for (const tick of ticks) {
      const mark = element("span", "sv-bar-tick", scale, formatNumber(tick));
      mark.style.left = `${100 * position(tick, coloring.scale, limits)}%`;
    }
  }
}

/** How high a plot may be in a window, so that it and the slider are seen together. */
export function tallestPlot(windowHeight) {
  const [least, most] = PLOT_HEIGHTS;
  return Math.max(least, Math.min(most, windowHeight - BESIDE_PLOT));
}

/** Frame, ticks and labels around the plot. */
function drawAxes(axes, view, bounds, width, height, labels) {
  axes.replaceChildren();
  axes.setAttribute("width", width);
  axes.setAttribute("height", height);
  svgElement("rect", { class: "sv-axis", x: 0, y: 0, width, height, fill: "none" }, axes);
  const ticksX = linearTicks(bounds[0], bounds[2], width / 80);
  const { texts: textsX, base: baseX } = tickTexts(ticksX);
  ticksX.forEach((tick, k) => {
    const x = view.absoluteX(tick);
    svgElement("line", { class: "sv-axis", x1: x, x2: x, y1: height, y2: height + 5 }, axes);
    svgElement("text", { x, y: height + 17, "text-anchor": "middle" }, axes, textsX[k]);
  });
  const ticksY = linearTicks(bounds[1], bounds[3], height / 60);
  const { texts: textsY, base: baseY } = tickTexts(ticksY);
  ticksY.forEach((tick, k) => {
    const y = view.absoluteY(tick);
    svgElement("line", { class: "sv-axis", x1: -5, x2: 0, y1: y, y2: y }, axes);
    svgElement("text", { x: -8, y: y + 4, "text-anchor": "end" }, axes, textsY[k]);
  });
  const middle = { "text-anchor": "middle", class: "sv-axis-label" };
  svgElement("text", { ...middle, x: width / 2, y: height + 34 }, axes, labels[0] + baseX);
  const turned = `translate(-38 ${height / 2}) rotate(-90)`;
  svgElement("text", { ...middle, transform: turned }, axes, labels[1] + baseY);
}

function starPath(context, x, y, radius) {
  context.beginPath();
  for (let k = 0; k < 10; k++) {
    const size = k % 2 ? radius * 0.45 : radius;
    const angle = (Math.PI * k) / 5 - Math.PI / 2;
    context.lineTo(x + size * Math.cos(angle), y + size * Math.sin(angle));
  }
  context.closePath();
}

/** Dark outside white outside the colour: seen on every ground. */
function strokeAndFill(context, color) {
  context.lineWidth = 3;
  context.strokeStyle = "#1b1b1b";
  context.stroke();
  context.lineWidth = 1.5;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.fillStyle = color;
  context.fill();
}

function drawPoints(context, view, points, classes, colors, anchors) {
  const radius = classes.length > 600 ? 2 : 3;
  for (let i = 0; i < classes.length; i++) {
    context.beginPath();
    context.arc(view.x(points[2 * i]), view.y(points[2 * i + 1]), radius, 0, 2 * Math.PI);
    strokeAndFill(context, colors[classes[i] % colors.length]);
  }
  context.font = "bold 13px sans-serif";
  for (let i = 0; 2 * i < anchors.length; i++) {
    const x = view.x(anchors[2 * i]);
    const y = view.y(anchors[2 * i + 1]);
    starPath(context, x, y, 9);
    strokeAndFill(context, "#ffe14d");
    const name = String.fromCharCode(65 + i);
    context.lineWidth = 3;
    context.strokeStyle = "#ffffff";
    context.strokeText(name, x + 10, y - 7);
    context.fillStyle = "#1b1b1b";
    context.fillText(name, x + 10, y - 7);
  }
}

/** The decision boundary: red in a white casing. */
function drawBoundary(context, view, frame) {
  const { boundary, boundaryOffsets } = frame;
  context.beginPath();
  for (let line = 0; line + 1 < boundaryOffsets.length; line++) {
    for (let k = boundaryOffsets[line]; k < boundaryOffsets[line + 1]; k++) {
      const x = view.x(boundary[2 * k]);
      const y = view.y(boundary[2 * k + 1]);
      if (k === boundaryOffsets[line]) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
  }
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = "#ffffff";
  context.stroke();
  context.lineWidth = 2;
  context.strokeStyle = "#e3001b";
  context.stroke();
}

function drawOutline(context, view, frame, region) {
  context.beginPath();
  for (let ring = frame.regionOffsets[region]; ring < frame.regionOffsets[region + 1]; ring++) {
    for (let k = frame.ringOffsets[ring]; k < frame.ringOffsets[ring + 1]; k++) {
      const vertex = frame.ringVertices[k];
      const x = view.x(frame.vertices[2 * vertex]);
      const y = view.y(frame.vertices[2 * vertex + 1]);
      if (k === frame.ringOffsets[ring]) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.closePath();
  }
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = "#1b1b1b";
  context.stroke();
  context.lineWidth = 2;
  context.strokeStyle = "#ffffff";
  context.stroke();
}

function drawLegend(legend, classes, classNames, colors, anchorCount) {
  legend.replaceChildren();
  const line = element("span", "sv-entry sv-boundary-entry", legend);
  element("span", "sv-line", line);
  element("span", "", line, "decision boundary");
  for (const index of [...new Set(classes)].sort((a, b) => a - b)) {
    const entry = element("span", "sv-entry", legend);
    element("span", "sv-dot", entry).style.background = colors[index % colors.length];
    element("span", "", entry, classNames[index] ?? String(index));
  }
  if (anchorCount) {
    const entry = element("span", "sv-entry", legend);
    element("span", "sv-star", entry, "★");
    element("span", "", entry, "samples that span the slice");
  }
}

/** A trait of float32 or uint16 numbers, which arrives as a DataView. */
function numbers(view, Type) {
  return new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

// ---------------------------------------------------------------- the widget

function render({ model, el }) {
  const scene = buildScene(el);
  const stop = new AbortController(); // ends every DOM listener at clean-up
  const subscriptions = [];
  const frames = new Map();
  const cache = new ByteCache(CACHE_BYTES);
  let layout = null; // sizes and maps, once the widget has a size
  let drawn = null; // the frame in the picture: {index, frame, ids}
  let pointer = null; // where the mouse is, in CSS pixels of the plot
  let direction = 1;
  let redraw = 0;
  let idle = 0;

  const on = (name, handler) => {
    model.on(`change:${name}`, handler);
    subscriptions.push([`change:${name}`, handler]);
  };
  // The model that a widget's code gets does not tell; its layout, made and lost with it, does.
  const isLive = () => model.get("layout")?.comm_live !== false;
  const coloring = () => model.get("colorings")[model.get("coloring")];

  const frameAt = (index) => {
    if (!frames.has(index)) {
      const bytes = index < model.get("count") ? model.get(`frame_${index}`) : null;
      if (!bytes?.byteLength) return null;
      frames.set(index, decodeFrame(bytes));
    }
    return frames.get(index);
  };

  const idsAt = (index) => {
    let ids = cache.get(index);
    if (!ids) {
      ids = fillIds(frameAt(index), layout.pixels, layout.pixelWidth, layout.pixelHeight);
      cache.set(index, ids);
    }
    return ids;
  };

  const fillAhead = () => {
    cancelIdle(idle);
    idle = whenIdle(() => {
      if (!layout) return;
      const next = upcoming(model.get("index"), model.get("count"), direction).find(
        (index) => !cache.has(index) && frameAt(index),
      );
      if (next === undefined) return;
      const pixelBytes = idType(frameAt(next).count).BYTES_PER_ELEMENT;
      if (!cache.hasRoom(layout.pixelWidth * layout.pixelHeight * pixelBytes)) return;
      idsAt(next);
      fillAhead();
    });
  };

  const drawLines = () => {
    const context = scene.lines.getContext("2d");
    context.setTransform(layout.ratio, 0, 0, layout.ratio, 0, 0);
    context.clearRect(0, 0, layout.width, layout.height);
    drawBoundary(context, layout.view, drawn.frame);
    const region = regionUnder(pointer);
    if (region >= 0) drawOutline(context, layout.view, drawn.frame, region);
    showTip(region);
  };

  const regionUnder = (place) => {
    if (!place || !drawn) return -1;
    const column = Math.floor((place.x / layout.width) * layout.pixelWidth);
    const row = Math.floor((place.y / layout.height) * layout.pixelHeight);
    const inside = (at, size) => at >= 0 && at < size;
    if (!inside(column, layout.pixelWidth) || !inside(row, layout.pixelHeight)) return -1;
    return drawn.ids[row * layout.pixelWidth + column] - 1;
  };

  const showTip = (region) => {
    const { tip } = scene;
    tip.hidden = region < 0;
    scene.root.dataset.region = region;
    if (region < 0) return;
    const [colorings, names] = [model.get("colorings"), model.get("class_names")];
    const facts = regionFacts(drawn.frame, region, colorings, names);
    const { view } = layout;
    const x = formatCoordinate(view.inverseX(pointer.x), view.pixelX);
    const y = formatCoordinate(view.inverseY(pointer.y), view.pixelY);
    facts.push(["at", `(${x}, ${y})`]);
    tip.replaceChildren();
    for (const [title, text] of facts) {
      element("span", "sv-fact", tip, title);
      element("span", "", tip, text);
    }
    const size = { width: tip.offsetWidth, height: tip.offsetHeight };
    const [left, top] = tipPlace(pointer, layout, size);
    tip.style.left = `${left}px`;
    tip.style.top = `${top}px`;
  };

  const markBoundary = (frame) => {
    const none = frame?.boundary.length === 0;
    const entry = scene.legend.querySelector(".sv-boundary-entry");
    entry?.classList.toggle("sv-absent", none);
    if (entry) entry.lastChild.textContent = none ? "no decision boundary" : "decision boundary";
  };

  /** The old picture stays as a dim ground; nothing describes it any more. */
  const drawNothing = (index) => {
    drawn = null;
    showTip(-1);
    const why = missingText(model.get("messages")[index], model.get("steps")[index], isLive());
    scene.message.textContent = why;
    const progress = model.get("progress");
    scene.status.textContent = progress;
    scene.plot.setAttribute("aria-label", [why, progress].filter(Boolean).join(" · "));
    for (const name of ["frame", "step", "regions"]) delete scene.root.dataset[name];
  };

  const draw = () => {
    redraw = 0;
    if (!layout) return;
    const started = performance.now();
    const index = model.get("index");
    const frame = frameAt(index);
    scene.plot.classList.toggle("sv-waiting", !frame);
    if (!frame) {
      drawNothing(index);
      return;
    }
    scene.message.textContent = "";
    markBoundary(frame);
    const cached = cache.has(index);
    const ids = idsAt(index);
    drawn = { index, frame, ids };
    const active = coloring();
    const limits = model.get("limits")[model.get("coloring")];
    const fill = colorsOf(frame.values[active.name], active, limits);
    const line = fill.map((pixel) => darken(pixel, 0.75));
    line[OUTSIDE] = OUTLINE;
    paint(ids, layout.pixelWidth, layout.pixelHeight, fill, line, layout.image32);
    scene.fill.getContext("2d").putImageData(layout.image, 0, 0);
    drawLines();
    const unit = frame.count === 1 ? "linear region" : "linear regions";
    const facts = [`step ${formatNumber(frame.step)}`, `${formatNumber(frame.count)} ${unit}`];
    const status = [...facts, model.get("progress")].filter(Boolean).join(" · ");
    scene.status.textContent = status;
    scene.plot.setAttribute("aria-label", `${status}, coloured by ${active.title}`);
    Object.assign(scene.root.dataset, {
      frame: index,
      step: frame.step,
      regions: frame.count,
      cached,
      drawMs: (performance.now() - started).toFixed(2),
    });
    fillAhead();
  };

  const requestDraw = () => {
    if (!redraw) redraw = requestAnimationFrame(draw);
  };

  const decorate = () => {
    const limits = model.get("limits")[model.get("coloring")];
    drawHeader(scene.header, coloring(), limits, model.get("class_names"));
  };

  const place = () => {
    const bounds = model.get("bounds");
    const room = scene.status.clientWidth;
    if (room < 80) return;
    const aspect = (bounds[3] - bounds[1]) / (bounds[2] - bounds[0]);
    const height = Math.round(Math.min(room * aspect, tallestPlot(window.innerHeight)));
    const width = Math.round(Math.min(room, height / aspect));
    const ratio = window.devicePixelRatio || 1;
    const same = layout?.width === width && layout.height === height && layout.ratio === ratio;
    if (same) return;
    // On a coarse screen the buffer has twice its pixels; shrinking it smooths every edge.
    const dense = ratio >= 2 ? ratio : 2 * ratio;
    const pixelWidth = Math.round(width * dense);
    const pixelHeight = Math.round(height * dense);
    const image = new ImageData(pixelWidth, pixelHeight);
    layout = {
      width,
      height,
      ratio,
      pixelWidth,
      pixelHeight,
      image,
      image32: new Uint32Array(image.data.buffer),
      view: makeView(bounds, width, height),
      pixels: makeView(bounds, pixelWidth, pixelHeight),
    };
    cache.clear();
    for (const part of [scene.header, scene.plot, scene.legend]) part.style.width = `${width}px`;
    scene.plot.style.height = `${height}px`;
    scene.fill.width = pixelWidth;
    scene.fill.height = pixelHeight;
    for (const canvas of [scene.lines, scene.points]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    drawAxes(scene.axes, layout.view, bounds, width, height, model.get("axis_labels"));
    drawSamples();
    draw();
  };

  const drawSamples = () => {
    if (!layout) return;
    const classes = numbers(model.get("point_classes"), Uint16Array);
    const anchors = numbers(model.get("anchors"), Float32Array);
    const colors = model.get("class_colors");
    const context = scene.points.getContext("2d");
    context.setTransform(layout.ratio, 0, 0, layout.ratio, 0, 0);
    context.clearRect(0, 0, layout.width, layout.height);
    const points = numbers(model.get("points"), Float32Array);
    drawPoints(context, layout.view, points, classes, colors, anchors);
    drawLegend(scene.legend, classes, model.get("class_names"), colors, anchors.length);
    markBoundary(drawn?.frame);
  };

  const goTo = (index) => {
    if (index === model.get("index")) return;
    model.set("index", index);
    model.save_changes();
  };

  const onKey = (event) => {
    const { key, target } = event;
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT|BUTTON)$/.test(target.tagName)) return;
    if (key === " ") {
      if (model.get("count") < 2) return;
      model.set("playing", !model.get("playing"));
      model.save_changes();
    } else if (scene.root.contains(target)) {
      const index = indexAfterKey(key, model.get("index"), model.get("count"));
      if (index === null) return;
      goTo(index);
    } else {
      return;
    }
    event.preventDefault();
  };

  const movePointer = (event) => {
    const box = scene.plot.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    pointer = event.type === "pointerleave" ? null : at;
    if (drawn) drawLines();
  };

  // The keys work all over the player (the slider's handle too), which is the parent of this
  // element only once it is attached.
  const attachKeys = () => {
    const player = el.closest(".splineviz-player") ?? scene.root;
    player.setAttribute("data-lm-suppress-shortcuts", "true"); // or the notebook takes the keys
    player.addEventListener("keydown", onKey, { signal: stop.signal });
  };

  let attached = false;
  const resizing = new ResizeObserver(() => {
    if (!attached && scene.root.isConnected) {
      attached = true;
      attachKeys();
    }
    place();
  });
  resizing.observe(scene.root);
  window.addEventListener("resize", place, { signal: stop.signal });
  scene.plot.addEventListener("pointermove", movePointer, { signal: stop.signal });
  scene.plot.addEventListener("pointerleave", movePointer, { signal: stop.signal });
  scene.plot.addEventListener("pointerdown", () => scene.plot.focus(), { signal: stop.signal });

  let previous = model.get("index");
  on("index", () => {
    const index = model.get("index");
    direction = Math.sign(index - previous) || direction;
    previous = index;
    requestDraw();
  });
  on("coloring", () => {
    decorate();
    requestDraw();
  });
  on("limits", () => {
    decorate();
    requestDraw();
  });
  on("progress", requestDraw);
  on("messages", requestDraw);
  model.on("comm_live_update", requestDraw);
  subscriptions.push(["comm_live_update", requestDraw]);
  for (const name of ["points", "point_classes", "anchors"]) on(name, drawSamples);
  for (let index = 0; index < model.get("count"); index++) {
    on(`frame_${index}`, () => {
      frames.delete(index);
      cache.delete(index);
      if (index === model.get("index")) requestDraw();
      else fillAhead();
    });
  }
  decorate();

  return () => {
    stop.abort();
    resizing.disconnect();
    cancelAnimationFrame(redraw);
    cancelIdle(idle);
    for (const [name, handler] of subscriptions) model.off(name, handler);
    cache.clear();
    frames.clear();
    scene.root.remove();
  };
}

function whenIdle(task) {
  const later = window.requestIdleCallback ?? ((callback) => setTimeout(callback, 30));
  return later(task, { timeout: 500 });
}

function cancelIdle(handle) {
  if (window.cancelIdleCallback) cancelIdleCallback(handle);
  else clearTimeout(handle);
}

export default { render };
