// The program whose launches and dispatches are reviewed text.

import { plan } from "../lib/compile/pipeline.ts";
import type { Kernel, Program } from "../lib/compile/program.ts";
import type { Graph } from "../lib/ir/trace.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../lib/models/walrus/config.ts";
import { geometryOf } from "../lib/models/walrus/geometry.ts";
import { stepByHand } from "./models/walrus/by_hand.ts";

const KERNELS = new Set<Kernel>(["layerNorm", "rope", "attention", "attentionGradient"]);

/** The step of a small model with two blocks. */
export function twoBlocksGraph(): Graph {
  const config: WalrusConfig = {
    ...RELEASED_CONFIG,
    hiddenDim: 32,
    intermediateDim: 8,
    states: 7,
    blocks: 2,
    heads: 2,
    mlpDim: 128,
  };
  const periodic = [2, 2] as const;
  const geometry = geometryOf([32, 32, 1], [periodic, [0, 1], periodic], true);
  const shape = {
    frames: 2,
    samples: 1,
    points: [32, 32, 1] as const,
    channels: 2,
    constants: 1,
    hidden: false,
    jitter: true,
  };
  return stepByHand(config, shape, geometry);
}

/** Its program. */
export function twoBlocks(): Program {
  return plan(twoBlocksGraph(), { kernels: KERNELS }).main.program;
}
