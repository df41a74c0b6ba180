// Asks the worker that measures: one scene at a time, steps answered in order.

import type { Measured, MeasureStart, MeasureStep } from "./measure.ts";

/** Measures steps. */
export interface Measurer {
  /** Begins with another scene; what is on its way for the last one is forgotten. */
  begin(start: Omit<MeasureStart, "kind">): void;
  step(step: Omit<MeasureStep, "kind">): Promise<Measured>;
}

/** A step to measure: the same one may be asked for twice, with other forecasts. */
export interface MeasureRequest extends MeasureStep {
  readonly id: number;
}

/** What was measured, for whom. */
export interface MeasureAnswer {
  readonly id: number;
  readonly measured: Measured;
}

/** Measures in a worker, which is started with the first scene. */
export function workerMeasurer(address: () => URL): Measurer {
  let worker: Worker | null = null;
  let last = 0;
  const waiting = new Map<number, (measured: Measured) => void>();
  const open = () => {
    worker = new Worker(address(), { type: "module" });
    worker.onmessage = ({ data: { id, measured } }: MessageEvent<MeasureAnswer>) => {
      waiting.get(id)?.(measured);
      waiting.delete(id);
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
        const id = ++last;
        waiting.set(id, resolve);
        const request: MeasureRequest = { kind: "step", ...step, id };
        (worker ?? open()).postMessage(request);
      }),
  };
}
