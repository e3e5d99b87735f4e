// The widgets' modules, and all the helpers of those in a folder together.
import { readdirSync } from "node:fs";

const STATIC = new URL("../../splineviz/widgets/static/", import.meta.url);

export function load(name) {
  return import(new URL(name, STATIC));
}

export async function loadFolder(name) {
  const files = readdirSync(new URL(`${name}/`, STATIC));
  return Object.assign({}, ...(await Promise.all(files.map((file) => load(`${name}/${file}`)))));
}
