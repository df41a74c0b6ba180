// Prints the memory of a training step of a network before anything large is allocated, with and without
// recomputation of its regions; or that of a forecast step on GPUs of several sizes.

import { InvalidArgumentError } from "commander";
import { openData, type SampleInfo } from "walrus";
import { backendKernels } from "walrus/devices";
import type { HubOptions } from "walrus/hub";
import { type GridTreatment, type Model, openModel } from "walrus/models";
import {
  type ComputeWeights,
  DEFAULT_TRAINING,
  describeBytes,
  isAdapter,
  parseBytes,
  planTraining,
  type TrainingPlan,
} from "walrus/train";
import { choice, command, type Context, wholeNumber } from "../cli.ts";
import { gridOption } from "../grid.ts";
import { hubFor } from "../hub.ts";
import { addressBits } from "../train/memory.ts";
import { printForecast } from "./forecast.ts";
import { imaginedInfo } from "./imagined.ts";

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
  readonly memory?: number;
  readonly forecast?: boolean;
  readonly grid: GridTreatment;
}

function grid(text: string): number[] {
  const sizes = text.split("x").map(wholeNumber(1));
  if (sizes.length > 3) throw new InvalidArgumentError("wanted 256x256 or 64x64x64");
  return sizes;
}

function amount(text: string): number {
  try {
    return parseBytes(text);
  } catch {
    throw new InvalidArgumentError("wanted 8GB, 8GiB, 500MB or bytes");
  }
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

/** What may be recomputed, in words, as far as a network has regions. */
function recomputations({ regions = [] }: Model): readonly (readonly [string, number])[] {
  const all = [["nothing", 0], ["every second block", 2], ["every block", 1]] as const;
  return regions.length > 0 ? all : all.slice(0, 1);
}

/** A line of the table: memory, launches, arithmetic beside that of the first line, addresses on the processor. */
function line(label: string, plan: TrainingPlan, first: TrainingPlan): string {
  const bytes = [plan.weights, plan.moments, plan.sums, plan.working, plan.peak].map(describeBytes);
  const more = `+${(100 * (plan.operations / first.operations - 1)).toFixed(1)} %`;
  const bits = addressBits(plan);
  const columns = [
    label.padEnd(18),
    ...bytes.map((text) => text.padStart(9)),
    String(plan.launches).padStart(8),
    more.padStart(10),
    (bits ? `${bits}-bit` : "too large").padStart(9),
  ];
  return columns.join(" ");
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
  print("recomputed           weights   moments      sums   working      peak launches arithmetic      WASM");
  const adapts = (name: string) => model.parameters.get(name)?.narrow === "i8";
  const lora = options.lora ? { rank: options.lora, alpha: 16, adapts } : null;
  const isTrained = (name: string) => model.parameters.get(name)?.use === "trained";
  const planned = (rematEvery: number, memory: number | null) => {
    const settings = { ...DEFAULT_TRAINING, accumulate, rematEvery, memory, lora, weights };
    return planTraining(model, shape, settings, lora ? isAdapter : isTrained, {
      kernels: backendKernels("wasm"),
    });
  };
  const first = planned(0, null);
  for (const [label, rematEvery] of recomputations(model)) {
    print(line(label, rematEvery === 0 ? first : planned(rematEvery, null), first));
  }
  if (options.memory === undefined) return;
  try {
    const fitting = planned(0, options.memory);
    print(line(`for ${describeBytes(options.memory)}`, fitting, first));
    print(`recomputed for ${describeBytes(options.memory)}: ${fitting.recomputation!.description}`);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    print(error.message);
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
      .option("--memory <amount>", "recompute as little as fits into it: 8GB, 8GiB, 500MB, bytes", amount)
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
        printForecast(model, info, options, backendKernels("webgpu"), print);
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
