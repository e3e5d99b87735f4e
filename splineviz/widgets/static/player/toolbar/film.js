// A film of the steps that play, made in the browser.

import { drawSnapshot, download } from "./snapshot.js";

const TYPES = ["video/mp4;codecs=avc1.42E01E", "video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
const SHORTEST = 40; // milliseconds that a step stays: a recorder misses what is shorter
const PAUSE = 800; // milliseconds that the last step stays

/** The first kind of film that this browser can make, or null. */
export function filmType() {
  const Recorder = globalThis.MediaRecorder;
  return Recorder ? (TYPES.find((type) => Recorder.isTypeSupported(type)) ?? null) : null;
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Record the checkpoints from `first` to `last` and offer the film as a file. `show(index)` draws a
 * checkpoint and resolves to the text above it, or to null if there is no frame. `stopped()` ends it.
 */
export async function saveFilm({ scene, layout, show, first, last, interval, stopped, name }) {
  const type = filmType();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const draw = async (text) => {
    const snapshot = await drawSnapshot(scene, layout(), text);
    if (!canvas.width || canvas.dataset.ready === undefined) {
      // Encoders of films want even numbers of pixels.
      canvas.width = snapshot.width - (snapshot.width % 2);
      canvas.height = snapshot.height - (snapshot.height % 2);
      canvas.dataset.ready = "";
    }
    context.drawImage(snapshot, 0, 0);
  };
  const chunks = [];
  let recorder = null;
  for (let index = first; index <= last && !stopped(); index++) {
    const text = await show(index);
    if (text === null) continue;
    await draw(text);
    if (!recorder) {
      recorder = new MediaRecorder(canvas.captureStream(30), { mimeType: type, videoBitsPerSecond: 8e6 });
      recorder.ondataavailable = ({ data }) => chunks.push(data);
      recorder.start();
    }
    await wait(Math.max(SHORTEST, interval) + (index === last ? PAUSE : 0));
  }
  if (!recorder) return;
  const ended = new Promise((resolve) => {
    recorder.onstop = resolve;
  });
  recorder.stop();
  await ended;
  download(new Blob(chunks, { type }), `${name}.${type.startsWith("video/mp4") ? "mp4" : "webm"}`);
}
