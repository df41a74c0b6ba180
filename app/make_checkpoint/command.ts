// Writes a checkpoint of random weights in the released layout: for measuring a network whose weights are not at hand.
// Start values are those of training, but branches that start switched off are switched on, so that every operator
// matters to the result.

import { readConfig, writeConfig } from "../../lib/models/walrus/extended_config.ts";
import { writeFileAtomic } from "../../lib/io/file.ts";
import { streamSafetensors, type WritableType } from "../../lib/io/safetensors_writer.ts";
import { type Shape, sizeOf } from "../../lib/ir/types.ts";
import { startFrequencies } from "../../lib/models/walrus/initialize.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../lib/models/walrus/config.ts";
import { parameterShapes } from "../../lib/models/walrus/parameters.ts";
import { choice, command, wholeNumber } from "../cli.ts";

/** Random numbers between -1 and 1 from their place: a billion of them must not take long. */
function uniform(count: number, seed: number): Float32Array {
  const out = new Float32Array(count);
  let state = seed >>> 0;
  for (let i = 0; i < count; i++) {
    state = (state + 0x9e3779b9) >>> 0;
    let z = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    out[i] = ((z ^ (z >>> 16)) >> 0) / 2 ** 31;
  }
  return out;
}

/** Inputs of one output of a linear map or convolution. */
function fanIn(name: string, shape: Shape): number {
  const [rows = 1, columns = 1, ...kernel] = shape;
  // Transposed convolutions have their inputs first.
  return (name.startsWith("debed.") ? rows : columns) * sizeOf(kernel);
}

/** Numbers of a tensor. */
function numbers(name: string, shape: Shape, config: WalrusConfig, seed: number): Float32Array {
  if (name.includes("rotary_emb.freqs")) return startFrequencies(config);
  const count = sizeOf(shape);
  if (shape.length === 1) {
    const offset = name.endsWith("bias") ? 0 : 1;
    return uniform(count, seed).map((u) => offset + 0.1 * u);
  }
  if (name.includes("relative_attention_bias")) return uniform(count, seed);
  const size = Math.sqrt(3 / fanIn(name, shape));
  return uniform(count, seed).map((u) => size * u);
}

interface Options {
  readonly config: string;
  readonly seed: number;
  readonly dtype: WritableType;
  readonly out: string;
}

/** The make-checkpoint command. */
export const makeCheckpoint = command<Options>({
  name: "make-checkpoint",
  description: "Writes a checkpoint of random weights in the released layout.",
  declare: (reader) => {
    reader
      .option("--config <released|file>", "the released network, or extended_config.yaml", "released")
      .option("--seed <s>", "seed of the weights", wholeNumber(0), 0)
      .addOption(choice("--dtype <kind>", "storage", ["f32", "f16", "bf16"], "f16"))
      .option("--out <dir>", "folder for walrus.safetensors and extended_config.yaml", "out/checkpoint");
  },
  async run({ config: source, seed, dtype, out }, { print }) {
    const config = source === "released" ? RELEASED_CONFIG : (await readConfig(source)).config;
    const shapes = [...parameterShapes(config)];
    const count = shapes.reduce((n, [, shape]) => n + sizeOf(shape), 0);
    const tensors = shapes.map(([name, shape], i) => ({
      name,
      shape,
      read: () => numbers(name, shape, config, Math.imul(seed + 1, 0x632be59b) + Math.imul(i, 0x51ed270b)),
    }));
    await writeFileAtomic(`${out}/walrus.safetensors`, streamSafetensors(tensors, dtype, { format: "pt" }));
    await writeFileAtomic(`${out}/extended_config.yaml`, new TextEncoder().encode(writeConfig(config)));
    print(`wrote ${out}/walrus.safetensors: ${shapes.length} tensors, ${count} numbers as ${dtype}`);
  },
});
