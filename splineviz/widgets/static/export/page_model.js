/** Stands in for the model of a widget in a notebook: traits and their events, without a kernel. */
export class PageModel {
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

  /** There is no kernel to send changes to. */
  save_changes() {}

  /** There is no kernel to send messages to. */
  send() {}
}
