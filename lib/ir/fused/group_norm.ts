// groupNorm: (x - mean) / sqrt(variance + epsilon) * weight + bias with statistics over given axes and the channels of
// a group, channels last (Wu and He, 2018). With as many groups as channels it is the instance norm; without the mean
// the root mean square takes the place of the deviation (model.md section 5).

import type { GroupNormAttributes, Tensor } from "../node.ts";
import { add, broadcast, div, mean, mul, pick, reshape, sqrt, sub, sum } from "../tensor.ts";
import { at, sameShape, type Type } from "../types.ts";
import { checkOperands, fusedNode, type FusedRule, refuse } from "./rule.ts";

/** Refuses axes and groups that do not fit x, and parameters that are not of its channels. */
function checkGroups(
  op: string,
  [x, ...parameters]: readonly Type[],
  { axes, groups }: GroupNormAttributes,
  scope: string,
): void {
  const shape = x?.shape ?? [];
  const [rank, channels] = [shape.length, shape.at(-1) ?? 0];
  if (axes.some((axis) => !Number.isInteger(axis) || axis < 0 || axis >= rank - 1)) {
    refuse(op, `x is [${shape}] and the axes are [${axes}], wanted axes before the last`, scope);
  }
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
    refuse(op, `${channels} channels are no ${groups} equal groups`, scope);
  }
  if (parameters.some((t) => !sameShape(t.shape, [channels]))) {
    refuse(
      op,
      `weight and bias are [${parameters.map((t) => t.shape).join("], [")}], wanted [${channels}]`,
      scope,
    );
  }
}

/** Mean over the axes and the channels of a group, as every channel sees it. */
function groupMean(x: Tensor, { axes, groups }: GroupNormAttributes): Tensor {
  const channels = at(x.shape, -1);
  if (groups === channels) return mean(x, axes);
  const grouped = reshape(x, [...x.shape.slice(0, -1), groups, channels / groups]);
  const means = mean(grouped, [...axes, grouped.shape.length - 1]);
  const lead = means.shape.slice(0, -1);
  return reshape(broadcast(means, [...lead, channels / groups]), [...lead.slice(0, -1), channels]);
}

/** x without its mean, where that is taken off, and the root of the mean square of that. */
function statistics(x: Tensor, attributes: GroupNormAttributes): { centred: Tensor; deviation: Tensor } {
  const less = (y: Tensor) => attributes.isCentred ? sub(y, groupMean(y, attributes)) : y;
  // Twice: far from zero the mean is rounded, and what is left of it is seen only beside the differences.
  const centred = less(less(x));
  const variance = groupMean(mul(centred, centred), attributes);
  return { centred, deviation: sqrt(add(variance, attributes.epsilon)) };
}

/** Definition of `groupNorm`: x [.., h], weight [h], optional bias [h] -> [.., h]. */
export const groupNormRule: FusedRule<"groupNorm"> = {
  infer: (types, attributes, scope) => {
    checkOperands("groupNorm", types, [2, 3], scope);
    checkGroups("groupNorm", types, attributes, scope);
    return [{ dtype: "f32", shape: at(types, 0).shape }];
  },
  expand: (args, attributes) => {
    const [x, weight, bias] = [at(args, 0), at(args, 1), args[2]];
    const { centred, deviation } = statistics(x, attributes);
    const scaled = mul(centred, div(weight, deviation));
    return [bias ? add(scaled, bias) : scaled];
  },
  vjp: ([x, weight, bias], attributes, [cotangent]) => {
    if (!x || !weight || !cotangent) return null;
    const args = [x, weight, cotangent];
    const all = fusedNode("groupNormGradient", groupNormGradientRule, args, attributes);
    return [pick(all, 0), pick(all, 1), ...bias ? [pick(all, 2)] : []];
  },
};

/** Definition of `groupNormGradient`: x, weight and the cotangent of the result -> cotangents of x, weight and bias. */
export const groupNormGradientRule: FusedRule<"groupNormGradient"> = {
  infer: (types, attributes, scope) => {
    checkOperands("groupNormGradient", types, [3], scope);
    const [x, weight, cotangent] = [at(types, 0), at(types, 1), at(types, 2)];
    checkGroups("groupNormGradient", [x, weight], attributes, scope);
    if (!sameShape(cotangent.shape, x.shape)) {
      refuse("groupNormGradient", `the cotangent is [${cotangent.shape}], wanted [${x.shape}]`, scope);
    }
    return [x, weight, weight].map(({ shape }): Type => ({ dtype: "f32", shape }));
  },
  expand: (args, attributes) => {
    const [x, weight, cotangent] = [at(args, 0), at(args, 1), at(args, 2)];
    const rest = x.shape.map((_, i) => i).slice(0, -1);
    const { centred, deviation } = statistics(x, attributes);
    const normal = div(centred, deviation);
    const scaled = mul(cotangent, weight);
    const along = mul(normal, groupMean(mul(scaled, normal), attributes));
    const removed = attributes.isCentred ? add(groupMean(scaled, attributes), along) : along;
    return [
      div(sub(scaled, removed), deviation),
      reshape(sum(mul(cotangent, normal), rest), weight.shape),
      reshape(sum(cotangent, rest), weight.shape),
    ];
  },
};

/**
 * Norm of groups of channels over other axes.
 *
 * @param x channels last, `[.., h]`
 * @param weight `[h]`
 * @param bias `[h]`, or null for none
 * @param attributes axes of the statistics, groups of channels, whether the mean is taken off, epsilon of the variance
 *
 * @example An instance norm
 * ```ts
 * import assert from "node:assert/strict";
 * import { evaluate } from "../evaluate.ts";
 * import { trace } from "../trace.ts";
 * const [x, w] = [{ dtype: "f32", shape: [2, 1] }, { dtype: "f32", shape: [1] }] as const;
 * const attributes = { axes: [0], groups: 1, isCentred: true, epsilon: 0 };
 * const graph = trace({ x, w, b: w }, ({ x, w, b }) => ({ y: groupNorm(x, w, b, attributes) }));
 * assert.deepEqual([...evaluate(graph, { x: [4, 8], w: [2], b: [5] }).y!], [3, 7]);
 * ```
 */
export function groupNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  attributes: GroupNormAttributes,
): Tensor {
  return fusedNode("groupNorm", groupNormRule, bias ? [x, weight, bias] : [x, weight], attributes);
}
