// An invisible widget next to figures: it brings their styles, and keeps keys from the notebook.

import { suppressNotebookShortcuts } from "../common/notebook_shortcuts.js";

function initialize() {
  suppressNotebookShortcuts();
}

export default { initialize, render() {} };
