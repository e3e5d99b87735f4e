// A link between two widgets through a table, made in the browser: it needs no kernel.
// target[target_trait] becomes table[source[source_trait]] whenever the source changes.

/** The entry of a table that an index asks for, or undefined outside of it. */
export function lookUp(table, index) {
  return Number.isInteger(index) ? table[index] : undefined;
}

function initialize({ model }) {
  const manager = model.widget_manager;
  const resolve = (name) => manager.get_model(model.get(name).replace("IPY_MODEL_", ""));
  let undo = () => {};
  let closed = false;

  // Not awaited: the source or target may be made by a message that waits behind this one.
  Promise.all([resolve("source"), resolve("target")]).then(([source, target]) => {
    if (closed) return;
    const event = `change:${model.get("source_trait")}`;
    const update = () => {
      const value = lookUp(model.get("table"), source.get(model.get("source_trait")));
      if (value !== undefined) target.set(model.get("target_trait"), value);
    };
    source.on(event, update);
    undo = () => source.off(event, update);
    update();
  });

  return () => {
    closed = true;
    undo();
  };
}

export default { initialize, render() {} };
