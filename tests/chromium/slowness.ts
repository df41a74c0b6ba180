// How fast this machine is at the moment, beside the one that limits in seconds were measured on.

import type { Page } from "playwright-core";

/** How a machine is looked at. */
export interface Look {
  /** Workers that count at once. */
  readonly threads: number;
  /** Times that they do; the fastest counts. */
  readonly rounds: number;
  /** Milliseconds that it takes on the machine of the limits. */
  readonly reference: number;
}

/** How many times slower this machine is; 1: as fast, or faster. */
export async function slowness(page: Page, { threads, rounds, reference }: Look): Promise<number> {
  const took = await page.evaluate(`(async () => {
    const text = \`onmessage = () => {
      let x = 1;
      for (let i = 0; i < 1e8; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
      postMessage(x);
    }\`;
    const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    const workers = Array.from({ length: ${threads} }, () => new Worker(address));
    const answers = () => Promise.all(workers.map((worker) => new Promise((resolve) => {
      worker.onmessage = resolve;
      worker.postMessage(0);
    })));
    await answers();
    let best = Infinity;
    for (let round = 0; round < ${rounds}; round++) {
      const from = performance.now();
      await answers();
      best = Math.min(best, performance.now() - from);
    }
    for (const worker of workers) worker.terminate();
    return best;
  })()`) as number;
  console.log(`the loop took ${took.toFixed(0)} ms`);
  return Math.max(1, took / reference);
}
