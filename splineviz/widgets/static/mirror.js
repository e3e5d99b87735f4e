// Traits of one widget shown by another too, linked in the browser: it needs no kernel.

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
      const forth = () => target.set_state({ [name]: source.get(name) });
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
