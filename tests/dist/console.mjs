// The forecast in Deno and Node: `console.mjs LIBRARY FOLDER` prints it as JSON. The library is a path, a URL or the name
// of a package beside this file.

import { both } from "./probe.mjs";

const [library, folder] = globalThis.Deno ? Deno.args : process.argv.slice(2);
const readFile = globalThis.Deno ? Deno.readFile : (await import("node:fs/promises")).readFile;
const read = (name) => readFile(`${folder}/${name}`);
console.log(JSON.stringify(await both(await import(library), read)));
