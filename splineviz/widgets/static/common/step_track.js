// A thin bar below a slider: the steps whose frames are available, and the range that plays.

/** The ranges of numbers below `count` for which `holds` is true, as [first, last]. */
export function rangesOf(count, holds) {
  const ranges = [];
  for (let index = 0; index < count; index++) {
    if (!holds(index)) continue;
    const last = ranges.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else ranges.push([index, index]);
  }
  return ranges;
}

/** The place of a range on a bar of `count` steps, in percent: [start, length]. */
export function placeOf([first, last], count) {
  const at = (step) => Math.min(1, Math.max(0, step / Math.max(1, count - 1)));
  const [start, end] = [at(first - 0.5), at(last + 0.5)];
  return [100 * start, 100 * (end - start)];
}

/**
 * Show the available steps (a list of ranges) and the range that plays (empty for all) in a bar. The
 * bar is empty if all steps are available and play.
 */
export function showTrack(bar, count, available, range) {
  const [first] = available;
  const complete = available.length === 1 && first[0] === 0 && first[1] === count - 1;
  const ranges = complete ? [] : available;
  const key = JSON.stringify([count, ranges, range]);
  if (bar.dataset.shown === key) return;
  bar.dataset.shown = key;
  bar.classList.toggle("sv-idle", complete && !range.length);
  bar.replaceChildren();
  const add = (each, name) => {
    const bit = document.createElement("div");
    bit.className = name;
    const [start, length] = placeOf(each, count);
    bit.style.left = `${start}%`;
    bit.style.width = `${length}%`;
    bar.append(bit);
  };
  for (const each of ranges) add(each, "sv-track-there");
  if (range.length) add(range, "sv-track-range");
}

/** The range that plays, as text. */
export function rangeText(range, steps) {
  if (!range.length) return "";
  const [first, last] = range.map((index) => steps[index]?.toLocaleString("en-US"));
  return first === last ? `only step ${first} plays` : `steps ${first} to ${last} play`;
}
