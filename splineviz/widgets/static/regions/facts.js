// What is said about the picture.

import { classAt, neuronOf } from "./frame.js";
import { formatNumber } from "./numbers.js";
import { bendingNeurons } from "./patterns.js";

/** What is said in place of a frame that is not there. */
export function missingText(message, step, live) {
  if (message) return message;
  const missing = `Step ${formatNumber(step)} is not computed yet`;
  return live ? missing : `${missing}; the kernel has stopped: run the cell again`;
}

/**
 * A layer's name: its number, from 0, and its name in the network, as neuron_boundary of a partition
 * takes either.
 */
export function layerText(layer, name) {
  return `layer ${layer} ('${name}')`;
}

/** A neuron's name: its layer, and its number there, from 0. */
export function neuronText(frame, column) {
  const { layer, neuron } = neuronOf(frame, column);
  return `${layerText(layer, frame.layers[layer].name)}, neuron ${neuron}`;
}

/** How many neurons are active in a region, layer by layer, or in one layer alone. */
export function activeText(frame, region, layer = -1) {
  const texts = frame.layers.map(({ width }, k) => `${frame.counts[k][region]} of ${width}`);
  return texts[layer] ?? texts.join(", ");
}

/** What is known about the region of an id, and the class that wins there, as [title, text] pairs. */
export function regionFacts(frame, id, colorings, classNames, layer = -1) {
  const region = frame.regionIds[id] - 1;
  const facts = [["step", formatNumber(frame.step)]];
  for (const { name, title, scale, labels, by_class: byClass } of colorings) {
    if (!(name in frame.values) || name === "active") continue;
    const values = frame.values[name];
    const value = byClass ? classAt(frame, id, values) : values[region];
    const about = title.replace("each region's", "its");
    if (labels === "classes") facts.push([about, classNames[value] ?? String(value)]);
    else if (scale !== "category") facts.push([about, formatNumber(value)]);
  }
  if (frame.layers.length) facts.push(["active neurons", activeText(frame, region, layer)]);
  return facts;
}

/** How many neurons of a layer the lines in the picture are of. */
export function bendingText(frame, layer) {
  return `${bendingNeurons(frame, layer)} of ${frame.layers[layer].width} neurons with a boundary`;
}

/** Between which steps changes are told, always onwards: since an earlier one, or to a later. */
export function spanText({ from, to, isLater }) {
  const since = formatNumber(from);
  return isLater ? `from step ${since} to step ${formatNumber(to)}` : `since step ${since}`;
}

/** How the regions have changed, from the earlier step to the later. */
export function changeText(changed) {
  const { born, kept, vanished } = changed.count;
  const [b, k, v] = [born, kept, vanished].map(formatNumber);
  return `${spanText(changed)}: ${b} born, ${k} kept, ${v} vanished`;
}
