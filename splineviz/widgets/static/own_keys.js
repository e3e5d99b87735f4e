// Keys in our widgets are not the notebook's: D twice in a picture must not delete the cell.

const OURS = "[class*='splineviz-'], [class^='sv-']";
// JupyterLab lets an element alone that has this; it does not look at those round it.
const MARK = "data-lm-suppress-shortcuts";

/** Whether a key means something to the whole page: saving, running the cell, leaving. */
export function isForAll({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  // What is undone in a widget is not what was done to the notebook.
  if (/^[yz]$/i.test(key)) return false;
  return ctrlKey || metaKey || altKey || (shiftKey && key === "Enter");
}

/** Leave a widget: its cell has the focus then, or nothing. */
function leave(target) {
  const cell = target.closest(".jp-Cell");
  target.blur();
  if (!cell) return;
  if (!cell.hasAttribute("tabindex")) cell.tabIndex = -1;
  cell.focus();
}

/** Whether Escape leads out: of a picture, where it lets go of things, the second in a row. */
export function leadsOut(target, before) {
  return target.getAttribute("role") !== "application" || before === target;
}

/** Keep the keys that are pressed in our widgets from the notebook; Escape leads out. */
export function keepKeys() {
  const known = Symbol.for("splineviz keeps its keys");
  if (window[known]) return;
  window[known] = true;
  const isOurs = ({ target }) => Boolean(target.closest?.(OURS));
  // Before JupyterLab, which listens to the document.
  const mark = (event) => isOurs(event) && event.target.toggleAttribute(MARK, !isForAll(event));
  window.addEventListener("keydown", mark, true);
  let escaped = null; // where the last key was Escape
  window.addEventListener("keydown", (event) => {
    const before = escaped;
    escaped = event.key === "Escape" ? event.target : null;
    if (!escaped || event.defaultPrevented || !isOurs(event)) return;
    if (leadsOut(event.target, before)) leave(event.target);
  });
  // What is done in between begins a new row.
  for (const type of ["pointerdown", "focusin", "change"]) {
    window.addEventListener(type, () => (escaped = null), true);
  }
}
