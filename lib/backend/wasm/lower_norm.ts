// Norms and their gradients as bytecode.

import type { LaunchOf } from "../../compile/program.ts";
import type { View } from "../../compile/view.ts";
import { at } from "../../ir/types.ts";
import { axesOf, bounded, mergeAxes, sizesOf, sortAxes, stridesAlong } from "../axes.ts";
import { Bytecode } from "./bytecode.ts";
import { lastStride, rows } from "./rows.ts";

/** Vectors over the last axis. */
function putVectors(bytecode: Bytecode, views: readonly View[]): Bytecode {
  for (const view of views) bytecode.place(view).put(lastStride(view));
  return bytecode;
}

/** Lowers `layerNorm`. */
export function layerNorm({ inputs, outputs, attributes: { epsilon } }: LaunchOf<"layerNorm">): Bytecode {
  const [x, weight, bias] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
  const bytecode = rows([at(outputs, 0), x], (head) => head.put(at(x.shape, -1)).float(epsilon));
  return putVectors(bytecode, [weight, bias]);
}

/** Lowers `layerNormGradient`. */
export function layerNormGradient(
  { inputs, outputs, attributes: { epsilon } }: LaunchOf<"layerNormGradient">,
): Bytecode {
  const [x, weight, cotangent] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
  const bytecode = rows([at(outputs, 0), x, cotangent], (head) => head.put(at(x.shape, -1)).float(epsilon));
  return putVectors(bytecode, [weight, ...outputs.slice(1)]);
}

/** Lowers `groupNormGradient`. */
export function groupNormGradient({ inputs, outputs, attributes }: LaunchOf<"groupNormGradient">): Bytecode {
  const [x, weight, cotangent] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
  const views = [at(outputs, 0), x, cotangent];
  const part = (isReduced: boolean) => {
    const index = x.shape.map((_, i) => i).slice(0, -1).filter((i) =>
      attributes.axes.includes(i) === isReduced
    );
    const strides = views.map((v) => index.map((i) => at(v.strides, i)));
    return bounded(mergeAxes(sortAxes(axesOf(index.map((i) => at(x.shape, i)), strides), 0)), views.length);
  };
  const [kept, reduced] = [part(false), part(true)];
  const channels = at(x.shape, -1);
  const bytecode = new Bytecode().put(kept.length, ...sizesOf(kept), reduced.length, ...sizesOf(reduced));
  bytecode.put(channels, channels / attributes.groups, attributes.isCentred ? 1 : 0).float(
    attributes.epsilon,
  );
  views.forEach((view, o) =>
    bytecode.place(view).put(...stridesAlong(kept, o), ...stridesAlong(reduced, o), lastStride(view))
  );
  return putVectors(bytecode, [weight, ...outputs.slice(1)]);
}
