/** A cache with a limit in bytes: it drops the least recently used entries. */
export class ByteCache {
  constructor(limit) {
    this.limit = limit;
    this.bytes = 0;
    this.entries = new Map();
  }

  has(key) {
    return this.entries.has(key);
  }

  get(key) {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  /** Whether a value of this size fits without dropping another. */
  hasRoom(bytes) {
    return this.bytes + bytes <= this.limit;
  }

  set(key, value) {
    this.delete(key);
    this.entries.set(key, value);
    this.bytes += value.byteLength;
    for (const oldest of this.entries.keys()) {
      if (this.bytes <= this.limit || oldest === key) break;
      this.delete(oldest);
    }
  }

  delete(key) {
    const value = this.entries.get(key);
    if (value === undefined) return;
    this.entries.delete(key);
    this.bytes -= value.byteLength;
  }

  clear() {
    this.entries.clear();
    this.bytes = 0;
  }
}
