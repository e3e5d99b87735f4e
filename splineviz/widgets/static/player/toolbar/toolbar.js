// The buttons at the end of the row of menus: reset, present, picture, film, state.

import { element, svgElement } from "../../common/dom.js";

const COPIED_MS = 1500;

// Lines in a square of 16: fonts do not have these signs everywhere.
const ICONS = {
  reset: "M3 8a5 5 0 1 0 2-4M5 1v3h3",
  present: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  picture: "M8 2v8M4.5 7 8 10.5 11.5 7M2 13.5h12",
  film: "M8 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 1 0 0-7M1.5 1.5h13v13h-13z",
  stop: "M5 5h6v6H5zM1.5 1.5h13v13h-13z",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  done: "M2.5 8.5 6 12l7.5-8",
  failed: "M3 3l10 10M13 3 3 13",
};

function drawIcon(button, name) {
  button.replaceChildren();
  const icon = svgElement("svg", { viewBox: "0 0 16 16", class: "sv-icon", "aria-hidden": "true" }, button);
  svgElement("path", { d: ICONS[name] }, icon);
}

/**
 * Build the buttons. `actions` has `reset()`, `present()`, `picture()`, `film()` and `copy()`; film is
 * missing where the browser cannot make one. Returns {update}: `update({isChanged, isPresented,
 * isFilming})`.
 */
export function buildToolbar(parent, actions, signal) {
  const bar = element("span", "sv-toolbar", parent);
  const add = (icon, title, action) => {
    const button = element("button", "sv-button sv-tool", bar);
    button.type = "button";
    drawIcon(button, icon);
    button.title = title;
    button.setAttribute("aria-label", title);
    button.addEventListener("click", action, { signal });
    return button;
  };
  const reset = add("reset", "show everything", () => actions.reset());
  const present = add("present", "present: fill the screen", () => actions.present());
  add("picture", "save the picture as PNG", () => actions.picture());
  const film = actions.film ? add("film", "save a film of the steps that play", () => actions.film()) : null;
  const copy = add("copy", "copy what is shown, to show it again", async () => {
    const isCopied = await actions.copy();
    drawIcon(copy, isCopied ? "done" : "failed");
    setTimeout(() => drawIcon(copy, "copy"), COPIED_MS);
  });
  const name = (button, title) => {
    button.title = title;
    button.setAttribute("aria-label", title);
  };
  return {
    update({ isChanged, isPresented, isFilming }) {
      reset.disabled = !isChanged;
      present.setAttribute("aria-pressed", String(isPresented));
      name(present, isPresented ? "leave the presentation" : "present: fill the screen");
      if (!film) return;
      drawIcon(film, isFilming ? "stop" : "film");
      name(film, isFilming ? "stop the film and save it" : "save a film of the steps that play");
    },
  };
}
