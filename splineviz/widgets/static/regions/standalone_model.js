/** A stand-in for the model that a notebook gives a widget: traits by name, their events, no kernel. */
export class StandaloneModel {
  constructor(traits) {
    this.traits = { ...traits };
    this.handlers = new Map();
  }

  get(name) {
    return this.traits[name];
  }

  set(name, value) {
    if (this.traits[name] === value) return;
    this.traits[name] = value;
    for (const handler of [...(this.handlers.get(`change:${name}`) ?? [])]) handler();
  }

  on(name, handler) {
    if (!this.handlers.has(name)) this.handlers.set(name, new Set());
    this.handlers.get(name).add(handler);
  }

  off(name, handler) {
    this.handlers.get(name)?.delete(handler);
  }

  /** Nobody else has to know. */
  save_changes() {}

  /** Nobody listens. */
  send() {}
}
