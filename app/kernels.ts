// What plans of devices that are not open yet depend on.

import type { Kernel } from "walrus/devices";

/** All fused ops have kernels on both backends. */
export const KERNELS: ReadonlySet<Kernel> = new Set<Kernel>([
  "layerNorm",
  "rope",
  "attention",
  "attentionGradient",
]);
