// The endpoint in workerd: the example for Cloudflare passes the checks that a host passes, with the shipped network, inside
// what a free isolate may take.

import { apiChecks, startWindow } from "../serve/api_checks.ts";
import { modules, test, text, worker } from "./in_workerd.ts";
import { assertNear, resultOf } from "./subject.ts";

test("the endpoint in workerd passes the checks of a host", async () => {
  const scripts = modules(
    { "cloudflare_serve.js": text("examples/edge/cloudflare_serve.js") },
    ["walrus.edge.js", "serve.edge.js"],
  );
  const miniflare = await worker(scripts, "WEIGHTS");
  try {
    const start = await startWindow();
    // Its request and response are of another copy of the platform's types.
    const send = (path: string, init: RequestInit = {}) =>
      miniflare.dispatchFetch(`http://localhost${path}`, init as never) as unknown as Promise<Response>;
    const isNear = (numbers: readonly number[]) => assertNear(resultOf("the endpoint", [numbers]), "workerd");
    for (const { name, run } of apiChecks(isNear, false)) {
      const began = performance.now();
      await run(send, start).catch((error) => {
        throw new Error(name, { cause: error });
      });
      console.log(`workerd: ${name}, ${((performance.now() - began) / 1000).toFixed(1)} s`);
    }
  } finally {
    await miniflare.dispose();
  }
});
