// Samples to choose from: one toggle button each, with a picture where there is one. The chosen
// ones carry letters in the order of choice. Text from a run only ever becomes text, never HTML.

import { keepKeys } from "./own_keys.js";

const LETTERS = "ABC";

/** The choice after a click: the sample leaves it, joins it, or takes the place of the last. */
export function toggled(chosen, number) {
  if (chosen.includes(number)) return chosen.filter((other) => other !== number);
  return [...chosen.slice(0, LETTERS.length - 1), number];
}

/** Which button has the focus after a key, or null if the key means nothing here. */
export function focusAfterKey(key, place, count) {
  const moves = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: count - 1 };
  if (!(key in moves)) return null;
  return Math.min(count - 1, Math.max(0, moves[key]));
}

function element(tag, className, parent, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent.append(made);
  return made;
}

function render({ model, el }) {
  const root = element("div", "sv-gallery", el);
  const heading = element("div", "sv-gallery-title", root);
  const grid = element("div", "sv-gallery-grid", root);
  const note = element("div", "sv-gallery-note", root);
  note.setAttribute("role", "status");
  grid.setAttribute("role", "group");
  keepKeys();
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
    model.set("chosen", toggled(model.get("chosen"), number));
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

  // Several traits change at once, and one picture is made of them.
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
