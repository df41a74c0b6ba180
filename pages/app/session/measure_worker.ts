// Measures frames in a worker, in the order in which they are asked for.

import { measure, type Measured, type MeasureStart, type MeasureStep } from "./measure.ts";

/** The part of a worker's scope that is used; the libraries of pages and workers do not go together. */
interface Scope {
  onmessage: ((event: MessageEvent<MeasureStart | MeasureStep>) => void) | null;
  postMessage(message: Measured): void;
}

const scope = globalThis as unknown as Scope;
let start: MeasureStart | null = null;

scope.onmessage = ({ data }) => {
  if (data.kind === "begin") start = data;
  else if (start?.scene === data.scene) scope.postMessage(measure(start, data));
};
