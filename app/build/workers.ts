// Where the script of a worker is in each build: a script beside the others, the one file itself, or nowhere.

import type { Plugin } from "esbuild";
import { fileURLToPath } from "node:url";

/** The module that starts workers, and how it names their script. */
const STARTS = fileURLToPath(new URL("../../lib/worker/endpoint.ts", import.meta.url));
const SCRIPT = /"\.\/main\.ts"/g;

/** What a file that is its own worker's script has after its name, when it is loaded as one. */
const MARK = "#worker";

/** What talks to workers, and what stands in its place where there are none. */
const TALKS = /\/lib\/worker\/(?:worker_handle|remote_data|remote_model)\.ts$/;
const NONE = `const none = () => {
  throw new TypeError("Cannot start a worker: edge runtimes have none, leave out the option \`worker\`");
};
export const startHandle = none, workerOf = none, RemoteData = none, RemoteModel = none;`;

/** Serves in a worker that was started with this very file. */
const SELF = `import { ownEndpoint } from "./lib/worker/endpoint.ts";
import { METHODS } from "./lib/worker/methods.ts";
import { serve } from "./lib/worker/server.ts";
export * from "./mod.ts";
const endpoint = new URL(import.meta.url).hash === "${MARK}" ? ownEndpoint() : null;
if (endpoint) serve(endpoint, METHODS);
`;

/**
 * Names the script of workers.
 *
 * @param script how the module that starts workers finds it when it is built; null: there are none
 */
export function workers(script: string | null): Plugin {
  return {
    name: "workers",
    setup(build) {
      if (script === null) {
        build.onLoad({ filter: TALKS }, () => ({ contents: NONE, loader: "js" }));
        return;
      }
      build.onLoad({ filter: /endpoint\.ts$/ }, async ({ path }) => {
        if (path !== STARTS) return;
        const text = await Deno.readTextFile(path);
        if (!SCRIPT.test(text)) throw new Error("Cannot build: no script of workers is named in endpoint.ts");
        return { contents: text.replaceAll(SCRIPT, JSON.stringify(script)), loader: "ts" };
      });
    },
  };
}

/** The front door as a file that is its own worker's script. */
export function ownWorker(name: string): { contents: string; plugin: Plugin } {
  return { contents: SELF, plugin: workers(`./${name}.js${MARK}`) };
}
