// Texts about frames: names of layers and neurons, facts about regions, changes.

import { classAt, neuronOf } from "../frames/frame.js";
import { formatNumber } from "./numbers.js";
import { countBoundaryNeurons } from "../frames/patterns.js";
import { surfaceAt } from "../drawing/surface.js";

/** The text that is shown instead of a missing frame. */
export function missingText(message, step, live) {
  if (message) return message;
  const missing = `Step ${formatNumber(step)} is not computed yet`;
  return live ? missing : `${missing}; the kernel has stopped: run the cell again`;
}

/** A layer's number, from 0, and its name in the network; `neuron_boundary` accepts either. */
export function layerText(layer, name) {
  return `layer ${layer} ('${name}')`;
}

/** A neuron's layer and its number in that layer, from 0. */
export function neuronText(frame, column) {
  const { layer, neuron } = neuronOf(frame, column);
  return `${layerText(layer, frame.layers[layer].name)}, neuron ${neuron}`;
}

/** The number of active neurons in a region, for each layer or for one. */
export function activeText(frame, region, layer = -1) {
  const texts = frame.layers.map(({ width }, k) => `${frame.counts[k][region]} of ${width}`);
  return texts[layer] ?? texts.join(", ");
}

/**
 * Facts about the region of an id, the class predicted there, and the output at a place, in
 * coordinates from the lower corner, or at the region's middle: as [title, text] pairs.
 */
export function regionFacts(frame, id, colorings, classNames, layer = -1, place = null) {
  const region = frame.regionIds[id] - 1;
  const facts = [["step", formatNumber(frame.step)]];
  for (const { name, title, scale, labels, surface, by_class: byClass } of colorings) {
    if (!(name in frame.values) || name === "active") continue;
    const values = frame.values[name];
    if (surface) {
      const what = frame.signed ? title : "margin";
      const fact = place
        ? [what, surfaceAt(frame, id, ...place)]
        : [`${what} at its middle`, values[region]];
      facts.push([fact[0], formatNumber(fact[1])]);
      continue;
    }
    const value = byClass ? classAt(frame, id, values) : values[region];
    const about = title.replace("each region's", "its");
    if (labels === "classes") facts.push([about, classNames[value] ?? String(value)]);
    else if (scale !== "category") facts.push([about, formatNumber(value)]);
  }
  if (frame.layers.length) facts.push(["active neurons", activeText(frame, region, layer)]);
  return facts;
}

/** A region's share of the area of the slice. */
export function shareText(frame, region) {
  return `${formatNumber((100 * frame.areas[region]) / frame.totalArea)} %`;
}

/** What the decision's value is: of two outputs their difference, of more a margin. */
export function surfaceTitle({ signed, outputs }, classNames) {
  if (!signed) return "margin of the class here";
  if (outputs === 1) return "output";
  return `output for ${classNames[1] ?? "class 1"} minus that for ${classNames[0] ?? "class 0"}`;
}

/** The number of neurons of a layer whose boundary is in the slice. */
export function boundaryCountText(frame, layer) {
  return `${countBoundaryNeurons(frame, layer)} of ${frame.layers[layer].width} neurons with a boundary`;
}

/** The two steps of a comparison, the earlier one first. */
export function periodText({ from, to, isLater }) {
  const since = formatNumber(from);
  return isLater ? `from step ${since} to step ${formatNumber(to)}` : `since step ${since}`;
}

/** The number of regions born, kept and vanished, from the earlier step to the later one. */
export function changeText(changed) {
  const { born, kept, vanished } = changed.count;
  const [b, k, v] = [born, kept, vanished].map(formatNumber);
  return `${periodText(changed)}: ${b} born, ${k} kept, ${v} vanished`;
}
