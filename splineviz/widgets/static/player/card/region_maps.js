// The affine maps of regions, which the kernel computes on request.

const MAP_WAIT_MS = 80; // without another request, before it is sent

export class RegionMaps {
  /** `send(request)` sends a request to the kernel, if there is one. */
  constructor(send) {
    this.send = send;
    this.maps = new WeakMap(); // frame -> Map from region to {slope, offset} or {problem}
    this.timer = 0;
    this.asked = null; // the last request: {frame, region, id}
  }

  /** The map of a region of the frame of a checkpoint, or null: it is requested then. */
  of(frame, region, index) {
    const known = this.maps.get(frame)?.get(region);
    if (known) return known;
    const { asked } = this;
    if (asked?.frame === frame && asked.region === region) return null;
    // Other views of the same model get all answers, and frames may be replaced: hence a number
    // that only this request has.
    const id = String(Math.random());
    this.asked = { frame, region, id };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send({ map: { index, region, id } }), MAP_WAIT_MS);
    return null;
  }

  /** Keep an answer, if it is to the last request; returns whether it is. */
  receive({ id, ...map }) {
    const { asked } = this;
    if (asked?.id !== id) return false;
    if (!this.maps.has(asked.frame)) this.maps.set(asked.frame, new Map());
    this.maps.get(asked.frame).set(asked.region, map);
    return true;
  }

  stop() {
    clearTimeout(this.timer);
  }
}
