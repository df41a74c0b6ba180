// Asks the worker that measures: one scene at a time, steps answered in order.

import type { Measured, MeasureStart, MeasureStep } from "./measure.ts";

/** Measures steps. */
export interface Measurer {
  /** Begins with another scene; what is on its way for the last one is forgotten. */
  begin(start: Omit<MeasureStart, "kind">): void;
  step(step: Omit<MeasureStep, "kind">): Promise<Measured>;
}

/** Measures in a worker, which is started with the first scene. */
export function workerMeasurer(address: () => URL): Measurer {
  let worker: Worker | null = null;
  const waiting = new Map<string, (measured: Measured) => void>();
  const open = () => {
    worker = new Worker(address(), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Measured>) => {
      const key = `${data.scene} ${data.step}`;
      waiting.get(key)?.(data);
      waiting.delete(key);
    };
    return worker;
  };
  return {
    begin(start) {
      waiting.clear();
      (worker ?? open()).postMessage({ kind: "begin", ...start });
    },
    step: (step) =>
      new Promise((resolve) => {
        // A step is measured again when another forecast joins it: the newest answer counts.
        waiting.set(`${step.scene} ${step.step}`, resolve);
        (worker ?? open()).postMessage({ kind: "step", ...step });
      }),
  };
}
