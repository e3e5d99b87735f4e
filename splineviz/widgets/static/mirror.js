// Traits of one widget shown by another too, linked in the browser: it needs no kernel.

/** Whether two values are the same: numbers and texts, or lists of these. */
function isSame(one, other) {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((value, k) => value === other[k]);
}

function initialize({ model }) {
  const manager = model.widget_manager;
  const resolve = (name) => manager.get_model(model.get(name).replace("IPY_MODEL_", ""));
  const undo = [];
  let closed = false;

  // Not awaited: the source or target may be made by a message that waits behind this one.
  Promise.all([resolve("source"), resolve("target")]).then(([source, target]) => {
    if (closed) return;
    const on = (from, name, handler) => {
      from.on(`change:${name}`, handler);
      undo.push(() => from.off(`change:${name}`, handler));
    };
    for (const name of model.get("names")) {
      // As if it came from the kernel: with target.set it would go there with the next change, and
      // the echo could bring back a value that is old by then.
      const forth = () => {
        const value = source.get(name);
        // What comes back to where it came from changes nothing, but would let ipywidgets forget
        // what the target still has to send.
        if (!isSame(target.get(name), value)) target.set_state({ [name]: value });
      };
      on(source, name, forth);
      forth();
    }
    for (const name of model.get("back")) {
      on(target, name, () => {
        const value = target.get(name);
        if (JSON.stringify(source.get(name)) === JSON.stringify(value)) return;
        source.set(name, value);
        source.save_changes();
      });
    }
  });

  return () => {
    closed = true;
    for (const each of undo) each();
  };
}

export default { initialize, render() {} };
