// The widgets' modules are plain ES modules in .js files, which node takes for CommonJS.
import { readFileSync } from "node:fs";

export function load(name) {
  const source = readFileSync(new URL(`../../splineviz/widgets/static/${name}`, import.meta.url));
  return import(`data:text/javascript;base64,${source.toString("base64")}`);
}
