// Copies traits of one widget to another, in the browser: it needs no kernel.

/** Whether two values are equal: numbers, texts, or lists of them. */
function isSame(one, other) {
  if (!Array.isArray(one) || !Array.isArray(other)) return one === other;
  return one.length === other.length && one.every((value, k) => value === other[k]);
}

function initialize({ model }) {
  const manager = model.widget_manager;
  const resolve = (name) => manager.get_model(model.get(name).replace("IPY_MODEL_", ""));
  const undo = [];
  let closed = false;

  // Not awaited: a later message may create the source or the target.
  Promise.all([resolve("source"), resolve("target")]).then(([source, target]) => {
    if (closed) return;
    const on = (from, name, handler) => {
      from.on(`change:${name}`, handler);
      undo.push(() => from.off(`change:${name}`, handler));
    };
    for (const name of model.get("names")) {
      // As if it came from the kernel. With target.set, the next change would also send this value
      // to the kernel, whose echo could bring back an old value.
      const copy = () => {
        const value = source.get(name);
        // Setting an equal value changes nothing, but makes ipywidgets forget what the target still
        // has to send.
        if (!isSame(target.get(name), value)) target.set_state({ [name]: value });
      };
      on(source, name, copy);
      copy();
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
    for (const unlink of undo) unlink();
  };
}

export default { initialize, render() {} };
