// A link between two widgets through a table, made in the browser: it needs no kernel.
// target[target_trait] becomes table[source[source_trait]] whenever the source changes. If there is
// a way back, the source goes to back[target[target_trait]] when the target is set to anything else.

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
