// The elements of the player: controls, plot and what stands beside it, time bar.

import { element, svgElement } from "../../common/dom.js";

/** Build all elements of the widget, and return them by name. */
export function buildScene(el) {
  const root = element("div", "sv-regions", el);
  const controls = element("div", "sv-controls", root);
  const plot = element("div", "sv-plot", root);
  const side = element("div", "sv-side", root);
  plot.tabIndex = 0;
  plot.setAttribute("role", "application");
  plot.setAttribute("aria-roledescription", "picture of linear regions");
  const scene = {
    root,
    controls,
    plot,
    side,
    fill: element("canvas", "sv-fill", plot),
    lines: element("canvas", "sv-lines", plot),
    points: element("canvas", "sv-points", plot),
    axes: svgElement("svg", { class: "sv-axes", "aria-hidden": "true" }, plot),
    message: element("div", "sv-message", plot),
    showAll: element("button", "sv-button sv-everything", plot, "show everything"),
    header: element("div", "sv-header", side),
    legend: element("div", "sv-legend", side),
    status: element("div", "sv-status", side),
    progress: element("progress", "sv-progress", side),
    card: element("section", "sv-card", side),
    thumbnails: element("div", "sv-thumbnails", side),
    timeBar: element("div", "sv-time-bar", root),
  };
  // The button lies on the picture, because beside it, it would move the picture when it appears.
  scene.showAll.type = "button";
  scene.showAll.hidden = true;
  scene.status.setAttribute("role", "status");
  scene.progress.setAttribute("aria-label", "steps computed");
  scene.card.setAttribute("aria-label", "the region that is pointed at or pinned");
  scene.progress.hidden = true;
  return scene;
}
