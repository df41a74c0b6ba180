// The configuration that a checkpoint's tensors are of, where the one that was given does not fit: widths and counts can
// be read from shapes.

import type { Shape } from "../../ir/types.ts";
import { checkShapes } from "../check_shapes.ts";
import type { WalrusConfig } from "./config.ts";
import { parameterShapes } from "./parameters.ts";

/** What shapes tell, by the configuration's key and the file's. */
const KEYS = {
  hiddenDim: "model.hidden_dim",
  intermediateDim: "model.intermediate_dim",
  states: "the number of fields",
  blocks: "model.processor_blocks",
  heads: "num_heads of model.processor",
  mlpDim: "mlp_dim of model.processor.space_mixing",
  includeD: "model.include_d",
} as const;

type Told = Pick<WalrusConfig, keyof typeof KEYS>;

/** What shapes tell; null where they are not those of a Walrus. */
function told(shapes: ReadonlyMap<string, Shape>): Told | null {
  const includeD = ([1, 2, 3] as const).filter((d) => shapes.has(`embed.${d}.proj1.weight`));
  const embed = shapes.get(`embed.${includeD[0]}.proj1.weight`);
  const block = (name: string) => shapes.get(`blocks.0.${name}`);
  const found = {
    hiddenDim: block("space_mixing.norm1.weight")?.[0],
    intermediateDim: embed?.[0],
    states: embed?.[1],
    blocks: new Set([...shapes.keys()].flatMap((name) => /^blocks\.(\d+)\./.exec(name)?.[1] ?? [])).size,
    heads: block("time_mixing.rel_pos_bias.relative_attention_bias.weight")?.[1],
    mlpDim: 2 * (block("space_mixing.ff_out.weight")?.[1] ?? NaN),
  };
  const whole = Object.values(found).every((value) => Number.isSafeInteger(value) && value! > 0);
  return whole && found.blocks <= shapes.size ? { ...found as Omit<Told, "includeD">, includeD } : null;
}

/**
 * How a configuration would have to differ for a checkpoint to fit it, in words.
 *
 * @param config that does not fit
 * @param shapes of the checkpoint's tensors
 * @returns null where no other widths and counts would make it fit
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { RELEASED_CONFIG } from "./config.ts";
 * import { parameterShapes } from "./parameters.ts";
 * const shapes = parameterShapes({ ...RELEASED_CONFIG, blocks: 2 });
 * assert.equal(nearestConfig(RELEASED_CONFIG, shapes), "model.processor_blocks 2, not 40");
 * ```
 */
export function nearestConfig(config: WalrusConfig, shapes: ReadonlyMap<string, Shape>): string | null {
  const nearest = told(shapes);
  if (!nearest) return null;
  const expected = [...parameterShapes({ ...config, ...nearest })].map(([name, shape]) =>
    [name, { shape }] as const
  );
  try {
    checkShapes(shapes, new Map(expected), "checkpoint");
  } catch {
    return null;
  }
  const words = (Object.keys(KEYS) as (keyof Told)[]).flatMap((key) => {
    const [is, was] = [String(nearest[key]), String(config[key])];
    return is === was ? [] : [`${KEYS[key]} ${is}, not ${was}`];
  });
  return words.length > 0 ? words.join("; ") : null;
}
