import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { loadFolder } from "./load.mjs";

const js = await loadFolder("export");

test("the stand-in for a model tells of changes", () => {
  const model = new js.PageModel({ index: 0 });
  const heard = [];
  const first = () => heard.push(["first", model.get("index")]);
  const second = () => {
    model.off("change:index", second);
    heard.push(["second", model.get("index")]);
  };
  model.on("change:index", first);
  model.on("change:index", second);
  model.set("index", 0);
  assert.deepEqual(heard, []);
  model.set("index", 2);
  model.set("index", 3);
  model.set("other", 1);
  model.off("change:nothing", first);
  assert.deepEqual(heard, [["first", 2], ["second", 2], ["first", 3]]);
  model.save_changes();
  model.send({});
});

test("texts are unpacked", async () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, k) => (k * k) % 256);
  assert.deepEqual(js.decodeBase64(Buffer.from(bytes).toString("base64")), bytes);
  assert.deepEqual(await js.gunzip(gzipSync(bytes)), bytes);
});

test("frames come from the one that is shown on", () => {
  assert.deepEqual(js.startingAt(2, 4), [2, 3, 0, 1]);
  assert.deepEqual(js.startingAt(0, 1), [0]);
});
