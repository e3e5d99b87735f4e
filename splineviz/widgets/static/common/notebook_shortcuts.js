// Keys pressed in our widgets are not shortcuts of the notebook: D twice must not delete the cell.

const OURS = "[class*='splineviz-'], [class^='sv-']";
// JupyterLab ignores keys on an element with this attribute (it does not look at its parents).
const MARK = "data-lm-suppress-shortcuts";

/** Whether a key is a shortcut of the whole page, such as saving or running the cell. */
export function isPageShortcut({ key, ctrlKey, metaKey, altKey, shiftKey }) {
  // Undo and redo in a widget do not change the notebook.
  if (/^[yz]$/i.test(key)) return false;
  return ctrlKey || metaKey || altKey || (shiftKey && key === "Enter");
}

/** Leave a widget: its cell gets the focus, if there is one. */
function focusCell(target) {
  const cell = target.closest(".jp-Cell");
  target.blur();
  if (!cell) return;
  if (!cell.hasAttribute("tabindex")) cell.tabIndex = -1;
  cell.focus();
}

/** Whether Escape leaves the widget: in a picture, where it first unselects, only the second does. */
export function leavesWidget(target, previous) {
  return target.getAttribute("role") !== "application" || previous === target;
}

/** Keep key presses in our widgets from the notebook; Escape leaves the widget. */
export function suppressNotebookShortcuts() {
  const installed = Symbol.for("splineviz keeps its keys");
  if (window[installed]) return;
  window[installed] = true;
  const isOurs = ({ target }) => Boolean(target.closest?.(OURS));
  // In the capture phase of the window, before JupyterLab, which listens to the document.
  const mark = (event) => isOurs(event) && event.target.toggleAttribute(MARK, !isPageShortcut(event));
  window.addEventListener("keydown", mark, true);
  let escaped = null; // the target of the last key, if that was Escape
  window.addEventListener("keydown", (event) => {
    const previous = escaped;
    escaped = event.key === "Escape" ? event.target : null;
    if (!escaped || event.defaultPrevented || !isOurs(event)) return;
    if (leavesWidget(event.target, previous)) focusCell(event.target);
  });
  // After any other action, Escape counts from one again.
  for (const type of ["pointerdown", "focusin", "change"]) {
    window.addEventListener(type, () => (escaped = null), true);
  }
}
