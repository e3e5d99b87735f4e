// A pad for drawing labeled points. New points go to the kernel, which sends back all points; until
// then the pad shows the new ones itself.

import { suppressNotebookShortcuts } from "../common/notebook_shortcuts.js";

const RADIUS = 4; // of a point, in CSS pixels
const ERASER = 10;
const SPACING = 9; // CSS pixels between two points of a stroke
const HINT = ["Click or drag here", "to draw points"];
const STEP = 1 / 40; // of the pad's side: how far an arrow key moves the cross

/** The map between pixels of the pad and coordinates; y points up. */
export function makeMap([xmin, ymin, xmax, ymax], width, height) {
  return {
    toX: (px) => xmin + (px / width) * (xmax - xmin),
    toY: (py) => ymax - (py / height) * (ymax - ymin),
    fromX: (x) => ((x - xmin) / (xmax - xmin)) * width,
    fromY: (y) => ((ymax - y) / (ymax - ymin)) * height,
  };
}

/** Move the cross by a key; places are fractions of the pad. Null for another key. */
export function moveCross(key, [x, y]) {
  const moves = {
    ArrowRight: [STEP, 0],
    ArrowLeft: [-STEP, 0],
    ArrowUp: [0, STEP],
    ArrowDown: [0, -STEP],
  };
  if (!(key in moves)) return null;
  return [x + moves[key][0], y + moves[key][1]].map((share) => Math.min(1, Math.max(0, share)));
}

/** Whether a key undoes the last change. */
export function isUndo({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  return (ctrlKey || metaKey) && !altKey && !shiftKey && key.toLowerCase() === "z";
}

/** Whether a place is far enough from the last point of the stroke for another point. */
export function isApart(last, place, spacing = SPACING) {
  return !last || Math.hypot(place[0] - last[0], place[1] - last[1]) >= spacing;
}

/** Describe the points on the pad, for screen readers. */
export function describePad(classes, names, current, erase) {
  const counts = names.map((name, k) => `${classes.filter((c) => c === k).length} of ${name}`);
  const tool = erase ? "erasing" : `drawing ${names[current] ?? "nothing"}`;
  return `pad with points: ${counts.join(", ")}; ${tool}`;
}

function numbers(view, Type) {
  return new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.className = "sv-pad";
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  suppressNotebookShortcuts();
  el.append(canvas);
  const context = canvas.getContext("2d");
  let cross = [0.5, 0.5];
  let last = null; // the last place of the stroke, while the mouse is down
  let unconfirmed = []; // points the kernel has not sent back yet: [x, y, class]
  let redrawRequest = 0;
  // A random start, so that strokes in two pages have different numbers.
  const strokes = Math.floor(Math.random() * 2 ** 40) * 1000;
  let stroke = 0;

  const size = () => [canvas.clientWidth, canvas.clientHeight];
  const map = () => makeMap(model.get("bounds"), ...size());
  const color = (number) => {
    const colors = model.get("class_colors");
    return colors[number % colors.length];
  };

  const dot = (px, py, number) => {
    context.beginPath();
    context.arc(px, py, RADIUS, 0, 2 * Math.PI);
    context.fillStyle = color(number);
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = "#1b1b1b";
    context.stroke();
  };

  const draw = () => {
    redrawRequest = 0;
    const [width, height] = size();
    if (!width) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const at = map();
    const points = numbers(model.get("points"), Float32Array);
    const classes = numbers(model.get("point_classes"), Uint16Array);
    classes.forEach((k, i) => dot(at.fromX(points[2 * i]), at.fromY(points[2 * i + 1]), k));
    for (const [x, y, k] of unconfirmed) dot(at.fromX(x), at.fromY(y), k);
    if (classes.length + unconfirmed.length === 0) {
      context.font = "13px sans-serif";
      context.textAlign = "center";
      context.fillStyle = getComputedStyle(canvas).color;
      HINT.forEach((line, i) => context.fillText(line, width / 2, height / 2 + 20 * i - 6));
    }
    if (document.activeElement === canvas && canvas.matches(":focus-visible")) {
      const [x, y] = [cross[0] * width, (1 - cross[1]) * height];
      context.beginPath();
      context.moveTo(x - 8, y);
      context.lineTo(x + 8, y);
      context.moveTo(x, y - 8);
      context.lineTo(x, y + 8);
      context.lineWidth = 2;
      context.strokeStyle = getComputedStyle(canvas).color;
      context.stroke();
    }
    const names = model.get("class_names");
    const [current, erase] = [model.get("current"), model.get("erase")];
    canvas.setAttribute("aria-label", describePad([...classes], names, current, erase));
    canvas.dataset.points = classes.length;
  };
  const redraw = () => {
    if (!redrawRequest) redrawRequest = requestAnimationFrame(draw);
  };

  const put = (place, erase) => {
    const at = map();
    const point = [at.toX(place[0]), at.toY(place[1])];
    if (erase) {
      const radius = at.toX(ERASER) - at.toX(0);
      model.send({ do: "rub", points: [point], radius, stroke: strokes + stroke });
    } else {
      unconfirmed.push([...point, model.get("current")]);
      const added = { points: [point], class: model.get("current"), stroke: strokes + stroke };
      model.send({ do: "draw", ...added });
    }
    redraw();
  };

  const onPointer = (event) => {
    const box = canvas.getBoundingClientRect();
    const place = [event.clientX - box.left, event.clientY - box.top];
    if (event.type === "pointerdown" && event.button === 0) {
      canvas.setPointerCapture(event.pointerId);
      last = place;
      stroke += 1;
      put(place, model.get("erase"));
    } else if (event.type === "pointermove" && last && isApart(last, place)) {
      last = place;
      put(place, model.get("erase"));
    } else if (event.type === "pointerup" || event.type === "pointercancel") {
      last = null;
    }
  };

  const onKey = (event) => {
    if (isUndo(event)) {
      model.send({ do: "undo" });
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    stroke += 1;
    const [width, height] = size();
    const next = moveCross(event.key, cross);
    const here = [cross[0] * width, (1 - cross[1]) * height];
    const number = Number(event.key) - 1;
    if (next) cross = next;
    else if (event.key === "Enter" || event.key === " ") put(here, false);
    else if (event.key === "Delete" || event.key === "Backspace") put(here, true);
    else if (event.key !== " " && number >= 0 && number < model.get("class_names").length) {
      model.set("current", number);
      model.save_changes();
    } else return;
    event.preventDefault();
    event.stopPropagation();
    redraw();
  };

  for (const type of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
    canvas.addEventListener(type, onPointer);
  }
  canvas.addEventListener("keydown", onKey);
  canvas.addEventListener("focus", redraw);
  canvas.addEventListener("blur", redraw);
  const resizing = new ResizeObserver(redraw);
  resizing.observe(canvas);
  const forget = () => {
    unconfirmed = [];
    redraw();
  };
  const subscriptions = [
    ["change:points", forget],
    ...["point_classes", "bounds", "class_names", "current", "erase"].map((name) => [
      `change:${name}`,
      redraw,
    ]),
  ];
  for (const [event, handler] of subscriptions) model.on(event, handler);

  return () => {
    for (const [event, handler] of subscriptions) model.off(event, handler);
    resizing.disconnect();
    cancelAnimationFrame(redrawRequest);
    canvas.remove();
  };
}

export default { render };
