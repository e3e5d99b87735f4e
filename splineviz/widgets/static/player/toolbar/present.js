// Presenting: the player alone on the screen, everything larger, for a projector.

const ZOOM = 20 / 12; // the text of the widget has 12 pixels, on a projector 20

/** The zoom of an element that is presented; 1 otherwise. */
export function zoomOf(root) {
  return root.classList.contains("sv-present") ? ZOOM : 1;
}

/** Switches the presentation on and off, and calls `onChange` whenever it has changed. */
export class Presentation {
  constructor(root, onChange, signal) {
    this.root = root;
    this.onChange = onChange;
    const leave = () => {
      if (!document.fullscreenElement) this.set(false);
    };
    document.addEventListener("fullscreenchange", leave, { signal });
  }

  get isOn() {
    return this.root.classList.contains("sv-present");
  }

  /** Where a page may not fill the screen, the player fills the window. */
  async toggle() {
    const isOn = !this.isOn;
    this.set(isOn);
    try {
      if (isOn) await this.root.requestFullscreen();
      else if (document.fullscreenElement) await document.exitFullscreen();
    } catch {
      this.onChange();
    }
  }

  set(isOn) {
    if (isOn === this.isOn) return;
    this.root.classList.toggle("sv-present", isOn);
    this.root.style.zoom = isOn ? String(ZOOM) : "";
    this.onChange();
  }
}
