// A gallery of samples: one toggle button each, with a picture if there is one. The chosen samples
// have letters, in the order of choice.

import { element } from "../common/dom.js";
import { suppressNotebookShortcuts } from "../common/notebook_shortcuts.js";

const LETTERS = "ABC";

/** The choice after a click: the sample is removed, added, or replaces the last one. */
export function toggleChoice(chosen, number) {
  if (chosen.includes(number)) return chosen.filter((other) => other !== number);
  return [...chosen.slice(0, LETTERS.length - 1), number];
}

/** The number of the button with the focus after a key, or null for another key. */
export function focusAfterKey(key, place, count) {
  const moves = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: count - 1 };
  if (!(key in moves)) return null;
  return Math.min(count - 1, Math.max(0, moves[key]));
}

function render({ model, el }) {
  const root = element("div", "sv-gallery", el);
  const heading = element("div", "sv-gallery-title", root);
  const grid = element("div", "sv-gallery-grid", root);
  const note = element("div", "sv-gallery-note", root);
  note.setAttribute("role", "status");
  grid.setAttribute("role", "group");
  suppressNotebookShortcuts();
  const buttons = new Map();
  let addresses = [];
  let waiting = false;

  const forget = () => {
    for (const address of addresses) URL.revokeObjectURL(address);
    addresses = [];
  };

  const mark = () => {
    const chosen = model.get("chosen");
    for (const [number, { button, letter }] of buttons) {
      const place = chosen.indexOf(number);
      button.setAttribute("aria-pressed", String(place >= 0));
      letter.textContent = LETTERS[place] ?? "";
    }
  };

  const choose = (number) => {
    model.set("chosen", toggleChoice(model.get("chosen"), number));
    model.save_changes();
  };

  const build = () => {
    waiting = false;
    const focused = [...buttons].find(([, { button }]) => button === document.activeElement);
    forget();
    buttons.clear();
    grid.replaceChildren();
    const [names, captions] = [model.get("names"), model.get("captions")];
    const pictures = model.get("pictures");
    model.get("numbers").forEach((number, place) => {
      const button = element("button", "sv-sample", grid);
      button.type = "button";
      button.dataset.sample = number;
      button.title = names[place];
      button.setAttribute("aria-label", names[place]);
      button.classList.toggle("sv-sample-text", !pictures[place]?.byteLength);
      if (pictures[place]?.byteLength) {
        const image = element("img", "sv-sample-picture", button);
        image.alt = "";
        addresses.push(URL.createObjectURL(new Blob([pictures[place]], { type: "image/png" })));
        image.src = addresses.at(-1);
      }
      element("span", "sv-sample-caption", button, captions[place]);
      const letter = element("span", "sv-sample-letter", button);
      button.addEventListener("click", () => choose(number));
      buttons.set(number, { button, letter });
    });
    mark();
    if (focused) (buttons.get(focused[0])?.button ?? grid.firstChild)?.focus();
  };

  // Several traits change at once: build only once.
  const rebuild = () => {
    if (!waiting) queueMicrotask(build);
    waiting = true;
  };

  const say = () => {
    heading.textContent = model.get("title");
    grid.setAttribute("aria-label", model.get("title"));
    note.textContent = model.get("note");
    note.classList.toggle("sv-gallery-trouble", model.get("trouble"));
  };

  grid.addEventListener("keydown", (event) => {
    const all = [...grid.children];
    const place = focusAfterKey(event.key, all.indexOf(document.activeElement), all.length);
    if (place === null || event.altKey || event.ctrlKey || event.metaKey) return;
    all[place].focus();
    event.preventDefault();
  });

  const subscriptions = [
    ...["numbers", "names", "captions", "pictures"].map((name) => [`change:${name}`, rebuild]),
    ...["title", "note", "trouble"].map((name) => [`change:${name}`, say]),
    ["change:chosen", mark],
  ];
  for (const [event, handler] of subscriptions) model.on(event, handler);
  build();
  say();

  return () => {
    for (const [event, handler] of subscriptions) model.off(event, handler);
    forget();
    root.remove();
  };
}

export default { render };
