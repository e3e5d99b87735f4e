// The pictures of the samples that span the slice.

import { element } from "../../common/dom.js";

/** Show pictures with their captions, in place of those that are shown. */
export function drawThumbnails(parent, thumbnails) {
  parent.replaceChildren();
  for (const { caption, png } of thumbnails) {
    const figure = element("figure", "", parent);
    element("figcaption", "", figure, caption);
    const image = element("img", "splineviz-thumbnail", figure);
    image.alt = caption;
    image.src = `data:image/png;base64,${png}`;
  }
}
