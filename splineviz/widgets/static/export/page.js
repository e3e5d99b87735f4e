// The player in a page of its own, without a notebook: its state and frames are in the page.

import { render } from "../player/region_canvas.js";
import { addressOf, stateOf, traitsOfAddress } from "../player/toolbar/view_state.js";
import { PageModel } from "./page_model.js";

const WAITING = "This step is being unpacked";
const TOO_OLD =
  "This browser cannot unpack the steps: take a newer one, or save the page with compress=False";

/** Decode a base64 text to bytes. */
export function decodeBase64(text) {
  const letters = atob(text.trim());
  const bytes = new Uint8Array(letters.length);
  for (let k = 0; k < bytes.length; k++) bytes[k] = letters.charCodeAt(k);
  return bytes;
}

const viewOf = (bytes) => new DataView(bytes.buffer);

/** Decompress bytes. */
export async function gunzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The numbers from 0 to count - 1, starting at `first` and wrapping around. */
export function startingAt(first, count) {
  return Array.from({ length: count }, (_, k) => (first + k) % count);
}

/** Unpack the frames into the model, starting with the one shown, and remove their texts. */
async function unpackFrames(model, texts, compressed) {
  const readable = !compressed || typeof DecompressionStream === "function";
  for (const index of startingAt(model.get("index"), model.get("count"))) {
    const node = texts.get(index);
    if (!node) continue;
    const { [index]: _, ...messages } = model.get("messages");
    try {
      if (!readable) throw new Error(TOO_OLD);
      const bytes = decodeBase64(node.textContent);
      model.set(`frame_${index}`, viewOf(compressed ? await gunzip(bytes) : bytes));
      model.set("messages", messages);
    } catch (error) {
      model.set("messages", { ...messages, [index]: readable ? `Damaged: ${error}` : TOO_OLD });
    }
    node.remove();
  }
}

const ADDRESS_MS = 300; // between a choice and the address that tells it
const CHOICES = ["index", "coloring", "compare", "show_boundary", "show_points", "viewport"];

/** Show what the address of the page says, and let it say what is shown. */
function followAddress(model, window) {
  const get = (name) => model.get(name);
  const read = () => {
    const traits = traitsOfAddress(window.location.hash, get);
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
  };
  read();
  let timer = 0;
  const tell = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      window.history.replaceState(null, "", `#${addressOf(stateOf(get))}`);
    }, ADDRESS_MS);
  };
  for (const name of CHOICES) model.on(`change:${name}`, tell);
  window.addEventListener("hashchange", read);
}

/** Build the page. */
export async function start(document) {
  const state = JSON.parse(document.getElementById("sv-state").textContent);
  const texts = new Map();
  for (const node of document.querySelectorAll(".sv-frame")) {
    texts.set(Number(node.dataset.index), node);
  }
  const traits = { ...state.traits, layout: { comm_live: false } };
  for (const [name, text] of Object.entries(state.arrays)) traits[name] = viewOf(decodeBase64(text));
  const waiting = Object.fromEntries([...texts.keys()].map((index) => [index, WAITING]));
  traits.messages = { ...state.traits.messages, ...waiting };
  const model = new PageModel(traits);
  followAddress(model, document.defaultView);
  await render({ model, el: document.getElementById("sv-canvas") });
  await unpackFrames(model, texts, state.compressed);
  document.documentElement.dataset.unpacked = "true";
}
