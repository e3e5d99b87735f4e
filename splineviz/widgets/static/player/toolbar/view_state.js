// What a viewer has chosen, under the names that `player.state` has in Python too
// (splineviz/widgets/player/view_state.py). A saved page keeps it in its address:
// #step=4425&color=density.

const FLAGS = { boundary: "show_boundary", data: "show_points" };

/** The choices by name: the step and the color, and what differs from a new player's. */
export function stateOf(get) {
  const state = { step: get("steps")[get("index")], color: get("colorings")[get("coloring")]?.name };
  const compared = get("compare");
  if (compared >= 0) state.compare = get("steps")[compared];
  else if (compared < -1) state.compare = "step before";
  for (const [name, trait] of Object.entries(FLAGS)) if (!get(trait)) state[name] = false;
  const viewport = get("viewport");
  if (viewport.length) state.view = viewport.map((end) => Number(end.toPrecision(7)));
  return state;
}

/** The choices as the end of an address. */
export function addressOf(state) {
  const texts = Object.entries(state).map(([name, value]) => [name, value === false ? "off" : String(value)]);
  return new URLSearchParams(texts).toString();
}

/** The choices as a line of Python. */
export function pythonOf(state) {
  const text = (value) => (value === false ? "False" : JSON.stringify(value));
  const pairs = Object.entries(state).map(([name, value]) => `"${name}": ${text(value)}`);
  return `player.state = {${pairs.join(", ")}}`;
}

/** The traits that an address sets; what cannot be read, or is not there, is left out. */
export function traitsOfAddress(address, get) {
  const said = Object.fromEntries(new URLSearchParams(address.replace(/^#/, "")));
  const indexOf = (step) => (step === undefined || step === "" ? -1 : get("steps").indexOf(Number(step)));
  const traits = {};
  if (indexOf(said.step) >= 0) traits.index = indexOf(said.step);
  const coloring = get("colorings").findIndex(({ name }) => name === said.color);
  if (coloring >= 0) traits.coloring = coloring;
  if (said.compare === "step before") traits.compare = -2;
  else if (indexOf(said.compare) >= 0) traits.compare = indexOf(said.compare);
  for (const [name, trait] of Object.entries(FLAGS)) if (said[name] === "off") traits[trait] = false;
  const view = (said.view ?? "").split(",").map(Number);
  const isView = view.length === 4 && view.every(Number.isFinite) && view[0] < view[2] && view[1] < view[3];
  if (isView) traits.viewport = view;
  return traits;
}
