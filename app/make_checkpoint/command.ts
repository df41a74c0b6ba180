// Writes a checkpoint of random weights in the released layout: for measuring a network whose weights are not at hand.
// Start values are those of training, but branches that start switched off are switched on, so that every operator
// matters to the result.

import { streamSafetensors, type WritableType, writeFileAtomic } from "walrus/io";
import { type Shape, sizeOf } from "walrus/ir";
import { openModel, type ParameterInfo } from "walrus/models";
import { randomSource } from "walrus/train";
import { checkOutputs } from "../outputs.ts";
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
function numbers(name: string, { shape, start }: ParameterInfo, seed: number): Float32Array {
  if (name.includes("rotary_emb.freqs")) return start(randomSource(0, 0));
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
  readonly family?: string;
  readonly config: string;
  readonly seed: number;
  readonly dtype: WritableType;
  readonly out: string;
  readonly force: boolean;
}

/** The make-checkpoint command. */
export const makeCheckpoint = command<Options>({
  name: "make-checkpoint",
  description: "Writes a checkpoint of random weights in the layout of its family.",
  declare: (reader) => {
    reader
      .option("--family <name>", "family of networks (default: the first)")
      .option("--config <released|file>", "the released network, or a configuration file", "released")
      .option("--seed <s>", "seed of the weights", wholeNumber(0), 0)
      .addOption(choice("--dtype <kind>", "storage", ["f32", "f16", "bf16"], "f16"))
      .option("--out <dir>", "folder for weights and configuration files", "out/checkpoint")
      .option("--force", "replace files that exist", false);
  },
  async run({ family, config, seed, dtype, out, force }, { print, registry }) {
    const source = { ...(family ? { family } : {}), ...(config === "released" ? {} : { config }) };
    const model = await openModel(source, registry);
    const tensors = [...model.parameters].map(([name, info], i) => ({
      name,
      shape: info.shape,
      read: () => numbers(name, info, Math.imul(seed + 1, 0x632be59b) + Math.imul(i, 0x51ed270b)),
    }));
    const count = tensors.reduce((n, { shape }) => n + sizeOf(shape), 0);
    const path = `${out}/${model.weightsFile}`;
    const texts = await model.files();
    const files = [path, ...Object.keys(texts).map((name) => `${out}/${name}`)];
    const bytes = count * (dtype === "f32" ? 4 : 2) + 1e6;
    await checkOutputs({ files, force, room: { bytes, less: "--dtype f16 takes half of f32" } });
    await writeFileAtomic(path, streamSafetensors(tensors, dtype, { format: "pt" }));
    for (const [file, text] of Object.entries(texts)) {
      await writeFileAtomic(`${out}/${file}`, new TextEncoder().encode(text));
    }
    print(`wrote ${path}: ${tensors.length} tensors, ${count} numbers as ${dtype}`);
  },
});
