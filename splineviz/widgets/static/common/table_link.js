// Links two widgets through a table, in the browser: it needs no kernel.
// Whenever the source changes, target[target_trait] becomes table[source[source_trait]]. With a
// table `back`, the source becomes back[target[target_trait]] when the target changes by itself.

/** The entry of a table at an index, or undefined outside the table. */
export function lookUp(table, index) {
  return Number.isInteger(index) ? table[index] : undefined;
}

function initialize({ model }) {
  const manager = model.widget_manager;
  const resolve = (name) => manager.get_model(model.get(name).replace("IPY_MODEL_", ""));
  let undo = () => {};
  let closed = false;

  // Not awaited: a later message may create the source or the target.
  Promise.all([resolve("source"), resolve("target")]).then(([source, target]) => {
    if (closed) return;
    const [from, to] = [model.get("source_trait"), model.get("target_trait")];
    const entry = () => lookUp(model.get("table"), source.get(from));
    const update = () => {
      const value = entry();
      if (value !== undefined) target.set(to, value);
    };
    const goBack = () => {
      const index = lookUp(model.get("back"), target.get(to));
      if (index === undefined || target.get(to) === entry()) return;
      source.set(from, index);
      source.save_changes();
    };
    source.on(`change:${from}`, update);
    target.on(`change:${to}`, goBack);
    undo = () => {
      source.off(`change:${from}`, update);
      target.off(`change:${to}`, goBack);
    };
    update();
  });

  return () => {
    closed = true;
    undo();
  };
}

export default { initialize, render() {} };
