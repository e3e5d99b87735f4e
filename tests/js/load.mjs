// The widgets' modules, and all the modules of a folder and the folders in it together.
import { readdirSync } from "node:fs";

const STATIC = new URL("../../splineviz/widgets/static/", import.meta.url);

export function load(name) {
  return import(new URL(name, STATIC));
}

export async function loadFolder(name) {
  const files = readdirSync(new URL(`${name}/`, STATIC), { recursive: true });
  const modules = files.filter((file) => file.endsWith(".js"));
  return Object.assign({}, ...(await Promise.all(modules.map((file) => load(`${name}/${file}`)))));
}
