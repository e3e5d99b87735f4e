// A thin bar below a slider: which steps can be shown yet, and which of them play.

/** Runs of numbers for which something holds, each as [first, last]. */
export function spansOf(count, holds) {
  const spans = [];
  for (let index = 0; index < count; index++) {
    if (!holds(index)) continue;
    const last = spans.at(-1);
    if (last && last[1] === index - 1) last[1] = index;
    else spans.push([index, index]);
  }
  return spans;
}

/** Where a span lies along a bar of some steps, in percent: [start, length]. */
export function placeOf([first, last], count) {
  const at = (step) => Math.min(1, Math.max(0, step / Math.max(1, count - 1)));
  const [start, end] = [at(first - 0.5), at(last + 0.5)];
  return [100 * start, 100 * (end - start)];
}

/**
 * Show in a bar what there is of some steps: `there` as spans, `range` as a pair, or empty. Where
 * all of them are there and play, there is nothing to show.
 */
export function showTrack(bar, count, there, range) {
  const complete = there.length === 1 && there[0][0] === 0 && there[0][1] === count - 1;
  const spans = complete ? [] : there;
  const key = JSON.stringify([count, spans, range]);
  if (bar.dataset.shown === key) return;
  bar.dataset.shown = key;
  bar.classList.toggle("sv-idle", complete && !range.length);
  bar.replaceChildren();
  const add = (span, name) => {
    const part = document.createElement("div");
    part.className = name;
    const [start, length] = placeOf(span, count);
    part.style.left = `${start}%`;
    part.style.width = `${length}%`;
    bar.append(part);
  };
  for (const span of spans) add(span, "sv-track-there");
  if (range.length) add(range, "sv-track-range");
}

/** What plays, in words. */
export function rangeText(range, steps) {
  if (!range.length) return "";
  const [first, last] = range.map((index) => steps[index]?.toLocaleString("en-US"));
  return first === last ? `only step ${first} plays` : `steps ${first} to ${last} play`;
}
