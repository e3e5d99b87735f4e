// Links a Play widget to a step cursor: Play counts, the cursor goes to steps that can be shown.

const LONGEST = 5; // counts that a step stays if the next ones are missing

/** After a count of Play: the next index of the cursor, and the count that Play continues from. */
export function advance(count, { index, available, first, last }) {
  if (!available || available.includes(count)) return { index: count, count };
  const shown = available.filter((step) => step >= first && step <= last);
  const next = shown.find((step) => step > count) ?? shown[0];
  if (next === undefined || next === index) return { index, count: index };
  const waited = count > index ? count - index : LONGEST;
  return waited < LONGEST ? { index, count } : { index: next, count: next };
}

function initialize({ model }) {
  const manager = model.widget_manager;
  const resolve = (name) => manager.get_model(model.get(name).replace("IPY_MODEL_", ""));
  let undo = () => {};
  let closed = false;

  // Not awaited: a later message may create the source or the target.
  Promise.all([resolve("source"), resolve("target")]).then(([cursor, play]) => {
    if (closed) return;
    const count = () => {
      const now = play.get("value");
      const index = cursor.get("index");
      if (now === index) return;
      const range = { first: play.get("min"), last: play.get("max") };
      const next = advance(now, { index, available: cursor.get("available"), ...range });
      if (next.index !== index) {
        cursor.set("index", next.index);
        cursor.save_changes();
      }
      if (next.count !== now) play.set("value", next.count);
    };
    const follow = () => play.set("value", cursor.get("index"));
    play.on("change:value", count);
    cursor.on("change:index", follow);
    undo = () => {
      play.off("change:value", count);
      cursor.off("change:index", follow);
    };
    follow();
  });

  return () => {
    closed = true;
    undo();
  };
}

export default { initialize, render() {} };
