// Prints the memory of a training step of a network before anything large is allocated, with and without
// recomputation of its regions; or that of a forecast step on GPUs of several sizes.

import { InvalidArgumentError } from "commander";
import { openData, type SampleInfo } from "walrus";
import type { Kernel } from "walrus/devices";
import type { HubOptions } from "walrus/hub";
import { type GridTreatment, type Model, openModel } from "walrus/models";
import { type ComputeWeights, DEFAULT_TRAINING, isAdapter, planTraining } from "walrus/train";
import { choice, command, type Context, wholeNumber } from "../cli.ts";
import { gridOption } from "../grid.ts";
import { hubFor } from "../hub.ts";
import { printForecast } from "./forecast.ts";
import { imaginedInfo } from "./imagined.ts";

/** All fused ops have kernels on both backends. */
const KERNELS = new Set<Kernel>(["layerNorm", "rope", "attention", "attentionGradient"]);

interface Options {
  readonly family?: string;
  readonly checkpoint?: string;
  readonly config?: string;
  readonly data?: string;
  readonly points?: readonly number[];
  readonly frames?: number;
  readonly samples?: number;
  readonly channels: number;
  readonly accumulate: number;
  readonly lora?: number;
  readonly weights: ComputeWeights;
  readonly forecast?: boolean;
  readonly grid: GridTreatment;
}

function grid(text: string): number[] {
  const sizes = text.split("x").map(wholeNumber(1));
  if (sizes.length > 3) throw new InvalidArgumentError("wanted 256x256 or 64x64x64");
  return sizes;
}

/** Bytes in words: `20.7 GB`. */
function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`.padStart(9);
}

/** What is planned for: a file's samples, or fields on a grid that no file has. */
async function infosOf(
  options: Options,
  model: Model,
  usual: readonly number[][],
  hub: { readonly hub?: HubOptions },
): Promise<SampleInfo[]> {
  if (options.data) {
    using data = await openData(options.data, hub);
    return [(await data.split()).trajectory(0).info];
  }
  const grids = options.points ? [options.points] : usual;
  return grids.map((points) => imaginedInfo(points, model, options.channels));
}

function gridWords({ grid: { shape } }: SampleInfo): string {
  return shape.filter((n) => n > 1).join(" x ");
}

/** Recomputation in words, as far as a network has regions. */
function recomputations({ regions = [] }: Model): readonly (readonly [string, number])[] {
  const all = [["nothing", 0], ["every second block", 2], ["every block", 1]] as const;
  return regions.length > 0 ? all : all.slice(0, 1);
}

function printTraining(model: Model, info: SampleInfo, options: Options, print: Context["print"]): void {
  const frames = options.frames ?? model.contextFrames(info).usual;
  const deep = info.grid.shape.filter((n) => n > 1).length === 3;
  const samples = options.samples ?? (deep ? 1 : 2);
  const { accumulate, weights } = options;
  const fields = info.fields.length;
  const training = { parts: accumulate, loss: {} };
  const shape = model.shape(info, { samples, frames, training, grid: options.grid });
  print(`\n${gridWords(info)} points, ${frames} frames, ${samples} samples, ${fields} channels`);
  for (const note of model.gridNotes?.(shape) ?? []) print(note);
  print("recomputed           weights   moments      sums   working      peak launches");
  const adapts = (name: string) => model.parameters.get(name)?.narrow === "i8";
  const lora = options.lora ? { rank: options.lora, alpha: 16, adapts } : null;
  const isTrained = (name: string) => model.parameters.get(name)?.use === "trained";
  for (const [label, rematEvery] of recomputations(model)) {
    const settings = { ...DEFAULT_TRAINING, accumulate, rematEvery, lora, weights };
    const plan = planTraining(model, shape, settings, lora ? isAdapter : isTrained, { kernels: KERNELS });
    const columns = [plan.weights, plan.moments, plan.sums, plan.working, plan.peak].map(gigabytes);
    print(`${label.padEnd(18)} ${columns.join(" ")} ${String(plan.launches).padStart(8)}`);
  }
}

/** The plan command. */
export const plan = command<Options>({
  name: "plan",
  description:
    "Plans the memory of a training or forecast step. Without options: the released model on its two kinds of data.",
  declare: (reader) => {
    reader
      .option("--checkpoint <file|url|hf:..>", "network of this checkpoint")
      .option("--config <file|url|hf:..>", "network of this configuration file (default: the released one)")
      .option("--family <name>", "family of the configuration (default: the first)")
      .option("--data <file|folder|url|hf:..>", "plan for samples of these data")
      .option("--points <grid>", "such as 256x256 or 64x64x64", grid)
      .option("--frames <n>", "input frames (default: as the network takes them)", wholeNumber(1))
      .option("--samples <n>", "samples of a micro-batch (default: 2 in 2D, 1 in 3D)", wholeNumber(1))
      .option("--channels <n>", "channels", wholeNumber(1), 4)
      .option("--accumulate <n>", "micro-batches of an optimiser step", wholeNumber(1), 1)
      .option("--lora <rank>", "train adapters of this rank instead of all weights", wholeNumber(1))
      .addOption(
        choice("--weights <type>", "matrices as the network computes with them", ["f32", "f16"], "f32"),
      )
      .addOption(gridOption())
      .option("--forecast", "plan a forecast step on WebGPU adapters instead");
  },
  async run(options, context) {
    const { print, registry } = context;
    const hub = hubFor(context, options.checkpoint, options.config, options.data);
    const model = await openModel({ ...options, ...hub }, registry);
    if (options.forecast) {
      print(`A forecast step on WebGPU: ${model.description}`);
      for (const info of await infosOf(options, model, [[512, 512], [128, 128, 128]], hub)) {
        printForecast(model, info, options, KERNELS, print);
      }
      return;
    }
    const weights = options.weights === "f16" ? "f16 with f32 masters" : "f32";
    print(`Training memory, weights ${weights}: ${model.description}`);
    for (const info of await infosOf(options, model, [[256, 256], [128, 128, 128]], hub)) {
      printTraining(model, info, options, print);
    }
  },
});
