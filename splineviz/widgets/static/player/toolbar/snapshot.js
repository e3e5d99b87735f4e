// The picture as a file: what is seen, with its axes and a line of text, and the time bar below.

const AROUND = { left: 60, right: 24, top: 34, bottom: 46, below: 8 }; // CSS pixels
const STYLES = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "font-size", "font-family", "font-weight", "text-anchor", "opacity"];

/** A copy of an SVG drawing with its styles written into it, as an image. */
async function imageOf(svg, box) {
  const copy = svg.cloneNode(true);
  const [from, to] = [svg, copy].map((root) => [root, ...root.querySelectorAll("*")]);
  from.forEach((node, k) => {
    const style = getComputedStyle(node);
    to[k].setAttribute("style", STYLES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
  });
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", box.width);
  copy.setAttribute("height", box.height);
  copy.setAttribute("viewBox", `${box.x} ${box.y} ${box.width} ${box.height}`);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  return image;
}

/** Where the parts of a snapshot stand, in CSS pixels. */
export function snapshotLayout({ width, height }, barWidth, barHeight) {
  const plot = { x: AROUND.left, y: AROUND.top };
  const bar = { x: 0, y: AROUND.top + height + AROUND.bottom + AROUND.below };
  return {
    plot,
    bar,
    width: Math.max(AROUND.left + width + AROUND.right, barWidth),
    height: barHeight ? bar.y + barHeight : AROUND.top + height + AROUND.bottom,
  };
}

/** Draw what is seen on a new canvas; `text` stands above the picture. */
export async function drawSnapshot(scene, layout, text) {
  const { width, height, ratio } = layout;
  const drawing = scene.timeBar.querySelector("svg.sv-time");
  const bar = drawing ? { width: drawing.clientWidth, height: drawing.clientHeight } : { width: 0, height: 0 };
  const places = snapshotLayout(layout, bar.width, bar.height);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(places.width * ratio);
  canvas.height = Math.round(places.height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const style = getComputedStyle(scene.root);
  context.fillStyle = groundOf(scene.root);
  context.fillRect(0, 0, places.width, places.height);
  const { x, y } = places.plot;
  for (const layer of scene.plot.querySelectorAll("canvas")) {
    if (layer.width && !layer.hidden) context.drawImage(layer, x, y, width, height);
  }
  const around = { x: -AROUND.left, y: -AROUND.top, width: width + AROUND.left + AROUND.right, height: height + AROUND.top + AROUND.bottom };
  context.drawImage(await imageOf(scene.axes, around), 0, 0, around.width, around.height);
  if (drawing) {
    const whole = { x: 0, y: 0, ...bar };
    context.drawImage(await imageOf(drawing, whole), places.bar.x, places.bar.y, bar.width, bar.height);
  }
  context.fillStyle = style.color;
  context.font = `14px ${style.fontFamily}`;
  context.fillText(text, x, y - 12);
  return canvas;
}

/** The color behind an element: the first ground around it that is not transparent. */
function groundOf(element) {
  for (let node = element; node; node = node.parentElement) {
    const { backgroundColor } = getComputedStyle(node);
    if (backgroundColor && !/^rgba\(.*, 0\)$|^transparent$/.test(backgroundColor)) return backgroundColor;
  }
  return "#fff";
}

/** Offer bytes as a file. */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Save what is seen as a PNG file. */
export async function savePicture(scene, layout, text, name) {
  const canvas = await drawSnapshot(scene, layout, text);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  download(blob, name);
}
