// What plans of devices that are not open yet depend on.

import type { Kernel } from "walrus/devices";

/** Fused ops that have kernels on both backends. */
const SHARED = ["layerNorm", "rope", "attention", "attentionGradient"] as const;

/** Fused ops that have kernels, by backend. */
export const KERNELS: Readonly<Record<"wasm" | "webgpu", ReadonlySet<Kernel>>> = {
  wasm: new Set<Kernel>([
    ...SHARED,
    "layerNormGradient",
    "groupNormGradient",
    "softmax",
    "softmaxGradient",
    "swiglu",
    "swigluGradient",
  ]),
  webgpu: new Set<Kernel>(SHARED),
};
