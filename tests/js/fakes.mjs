// Widget models without a kernel or a page, as far as links between them need.

export class FakeModel {
  constructor(values = {}) {
    this.values = values;
    this.handlers = {};
    this.saved = 0;
    this.unsaved = new Set();
  }

  get(name) {
    return this.values[name];
  }

  set(name, value) {
    if (JSON.stringify(this.values[name]) === JSON.stringify(value)) return;
    this.values[name] = value;
    this.unsaved.add(name);
    for (const handler of this.handlers[`change:${name}`] ?? []) handler();
  }

  set_state(state) {
    for (const [name, value] of Object.entries(state)) {
      const before = new Set(this.unsaved);
      this.set(name, value);
      this.unsaved = before;
    }
  }

  save_changes() {
    this.saved += 1;
    this.unsaved.clear();
  }

  /** How many listen. */
  get listeners() {
    return Object.values(this.handlers).flat().length;
  }

  on(names, handler) {
    for (const name of names.split(" ")) (this.handlers[name] ??= []).push(handler);
  }

  off(names, handler) {
    for (const name of names.split(" ")) {
      this.handlers[name] = (this.handlers[name] ?? []).filter((other) => other !== handler);
    }
  }
}

/** The model of a link between models, which it finds by name. */
export function linkModel(models, traits) {
  const model = new FakeModel(traits);
  model.widget_manager = { get_model: async (name) => models[name] };
  return model;
}

export const settled = () => new Promise((resolve) => setTimeout(resolve));
