// What the words of the card mean, in two sentences each; docs/glossary.md says more.

export const TERMS = {
  region:
    "An activation region: all inputs at which the same neurons are active. The network is one affine map on it.",
  class:
    "The class with the largest output. It changes where a decision boundary is crossed.",
  "slope norm":
    "How fast the outputs change with the input: the size of the slope A of the region's affine map, within the slice. It is 0 where the network is flat.",
  output:
    "What the network answers; of two outputs the second minus the first, so that its sign is the class. It is zero on the decision boundary.",
  margin:
    "The largest output minus the second largest. It is zero on the decision boundary.",
  area: "The region's share of the slice. Small regions are where many boundaries run close together.",
  "active neurons":
    "A neuron is active if its pre-activation is positive, so that a ReLU lets it through. The active neurons say which region an input is in.",
  "nearest boundary":
    "A neuron's boundary is where it switches on or off. It is straight in the first layer, and bends where it crosses boundaries of earlier layers.",
  "decision boundary":
    "All inputs at which the two largest outputs are equal. It belongs to the outputs, not to a neuron.",
  LC: "Local complexity: how many neurons' boundaries cross a small neighborhood of an input. It depends on the radius of that neighborhood.",
  "affine map":
    "On one region the network is exactly f(x) = Ax + b. A is its slope, here along the two directions of the slice, and b its offset.",
};

/** The term that explains a fact, by the fact's title; null if there is none. */
export function termOf(title) {
  const names = Object.keys(TERMS);
  if (title === "share of the slice") return "area";
  if (title === "here") return "decision boundary";
  return names.find((term) => title === term || title.startsWith(`${term} `)) ?? null;
}
