// All fused ops: the table in which a forgotten one is a type error.

import type { Fused, Tensor } from "../node.ts";
import { attentionGradientRule, attentionRule } from "./attention.ts";
import { groupNormGradientRule, groupNormRule } from "./group_norm.ts";
import { layerNormGradientRule, layerNormRule } from "./layer_norm.ts";
import { ropeRule } from "./rope.ts";
import type { FusedRule } from "./rule.ts";
import { softmaxGradientRule, softmaxRule } from "./softmax.ts";
import { swigluGradientRule, swigluRule } from "./swiglu.ts";

/** Definition of every fused op. */
export const fused: { readonly [K in Fused]: FusedRule<K> } = {
  layerNorm: layerNormRule,
  layerNormGradient: layerNormGradientRule,
  groupNorm: groupNormRule,
  groupNormGradient: groupNormGradientRule,
  softmax: softmaxRule,
  softmaxGradient: softmaxGradientRule,
  swiglu: swigluRule,
  swigluGradient: swigluGradientRule,
  rope: ropeRule,
  attention: attentionRule,
  attentionGradient: attentionGradientRule,
};

/** Whether the op of a node is fused. */
export function isFused(node: Tensor): node is Extract<Tensor, { op: Fused }> {
  return node.op in fused;
}

/** Definition of a node's op, with the attributes' type forgotten: for passes that treat all alike. */
export function ruleOf(node: Extract<Tensor, { op: Fused }>): FusedRule<Fused> {
  return fused[node.op] as FusedRule<Fused>;
}
