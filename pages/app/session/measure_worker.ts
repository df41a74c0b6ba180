// Measures frames in a worker, in the order in which they are asked for.

import { measure, type MeasureStart } from "./measure.ts";
import type { MeasureAnswer, MeasureRequest } from "./measurer.ts";

/** The part of a worker's scope that is used; the libraries of pages and workers do not go together. */
interface Scope {
  onmessage: ((event: MessageEvent<MeasureStart | MeasureRequest>) => void) | null;
  postMessage(message: MeasureAnswer): void;
}

const scope = globalThis as unknown as Scope;
let start: MeasureStart | null = null;

scope.onmessage = ({ data }) => {
  if (data.kind === "begin") start = data;
  else if (start?.scene === data.scene) scope.postMessage({ id: data.id, measured: measure(start, data) });
};
