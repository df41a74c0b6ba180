// Numbers for op cases, reproducible from a seed.

import { randomStream } from "../lib/forecast/random.ts";
import { sizeOf } from "../lib/ir/types.ts";
import type { Draw } from "./cases.ts";

/** Numbers of a shape. Every value is an f32, so all backends see the same. */
export function draw(shape: readonly number[], kind: Draw, seed: number): Float32Array {
  const random = randomStream(seed, 0);
  const uniform = () => (random.below(2 ** 24) + 0.5) / 2 ** 24;
  const size = sizeOf(shape);
  if (kind === "distinct") {
    const order = Float32Array.from({ length: size }, (_, i) => i);
    for (let i = size - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order.map((v) => v / size - 0.5);
  }
  return Float32Array.from({ length: size }, () => {
    if (kind === "positive") return 0.5 + uniform();
    return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  });
}
