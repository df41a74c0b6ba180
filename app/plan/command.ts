// Prints the memory of a training step of a network before anything large is allocated, with and without
// recomputation of blocks; or that of a forecast step on GPUs of several sizes.

import { InvalidArgumentError } from "commander";
import type { Kernel } from "../../lib/compile/program.ts";
import { readConfig } from "../../lib/models/walrus/extended_config.ts";
import type { ComputeWeights } from "../../lib/weights/fp16.ts";
import { BLOCK_MAPS, isAdapter } from "../../lib/weights/lora.ts";
import { planTraining } from "../../lib/train/plan.ts";
import { RELEASED_TRAINING, releasedTrainable } from "../../lib/train/step.ts";
import { matcher } from "../../lib/train/run_config.ts";
import { RELEASED_CONFIG, type WalrusConfig } from "../../lib/models/walrus/config.ts";
import { geometryOf } from "../../lib/models/walrus/geometry.ts";
import { choice, command, type Context, wholeNumber } from "../cli.ts";
import { printForecast } from "./forecast.ts";

type Triple = [number, number, number];

/** All fused ops have kernels on both backends. */
const KERNELS = new Set<Kernel>(["layerNorm", "rope", "attention", "attentionGradient"]);

interface Options {
  readonly config?: string;
  readonly points?: Triple;
  readonly frames?: number;
  readonly samples?: number;
  readonly channels: number;
  readonly accumulate: number;
  readonly lora?: number;
  readonly weights: ComputeWeights;
  readonly forecast?: boolean;
}

function grid(text: string): Triple {
  const sizes = text.split("x").map(wholeNumber(1));
  if (sizes.length > 3) throw new InvalidArgumentError("wanted 256x256 or 64x64x64");
  return [sizes[0] ?? 1, sizes[1] ?? 1, sizes[2] ?? 1];
}

/** Bytes in words: `20.7 GB`. */
function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`.padStart(9);
}

function isDeep(points: Triple): boolean {
  return points.every((n) => n > 1);
}

/** Input frames: half of them in 3D. */
function framesOf(config: WalrusConfig, points: Triple, options: Options): number {
  const most = config.contextFrames;
  return options.frames ?? (isDeep(points) ? Math.max(1, Math.floor(most / 2)) : most);
}

function printGrid(
  config: WalrusConfig,
  points: Triple,
  options: Options,
  print: Context["print"],
): void {
  const frames = framesOf(config, points, options);
  const samples = options.samples ?? (isDeep(points) ? 1 : 2);
  const shape = {
    frames,
    samples,
    points,
    channels: options.channels,
    constants: 0,
    hidden: false,
    jitter: config.jitter,
    pathDrop: config.dropPath > 0,
    fieldDrop: config.inputFieldDrop > 0,
  };
  const open = [1, 1] as const;
  const geometry = geometryOf(points, [open, open, open], config.jitter);
  const grid = points.filter((n) => n > 1).join(" x ");
  print(`\n${grid} points, ${frames} frames, ${samples} samples, ${options.channels} channels`);
  print("recomputed           weights   moments      sums   working      peak   steps");
  for (
    const [label, rematEvery] of [["nothing", 0], ["every second block", 2], ["every block", 1]] as const
  ) {
    const lora = options.lora ? { rank: options.lora, alpha: 16, adapts: matcher(BLOCK_MAPS) } : null;
    const { accumulate, weights: kind } = options;
    const settings = { ...RELEASED_TRAINING, accumulate, rematEvery, lora, weights: kind };
    const trainable = lora ? isAdapter : releasedTrainable(config);
    const plan = planTraining(config, shape, geometry, settings, trainable, {
      kernels: KERNELS,
    });
    const { weights, moments, sums, working, peak } = plan;
    const columns = [weights, moments, sums, working, peak].map(gigabytes);
    print(`${label.padEnd(18)} ${columns.join(" ")} ${String(plan.steps).padStart(7)}`);
  }
}

/** The plan command. */
export const plan = command<Options>({
  name: "plan",
  description:
    "Plans the memory of a training or forecast step. Without options: the released model on its two kinds of data.",
  declare: (reader) => {
    reader
      .option("--config <file>", "extended_config.yaml (default: the released 1.3 B model)")
      .option("--points <grid>", "such as 256x256 or 64x64x64", grid)
      .option("--frames <n>", "input frames (default: as the configuration says)", wholeNumber(1))
      .option("--samples <n>", "samples of a micro-batch (default: 2 in 2D, 1 in 3D)", wholeNumber(1))
      .option("--channels <n>", "channels", wholeNumber(1), 4)
      .option("--accumulate <n>", "micro-batches of an optimiser step", wholeNumber(1), 1)
      .option("--lora <rank>", "train adapters of this rank instead of all weights", wholeNumber(1))
      .addOption(
        choice("--weights <type>", "matrices as the network computes with them", ["f32", "f16"], "f32"),
      )
      .option("--forecast", "plan a forecast step on WebGPU adapters instead");
  },
  async run(options, { print }) {
    const config = options.config ? (await readConfig(options.config)).config : RELEASED_CONFIG;
    if (options.forecast) {
      print(`A forecast step on WebGPU: ${config.blocks} blocks of width ${config.hiddenDim}`);
      const grids: Triple[] = options.points ? [options.points] : [[512, 512, 1], [128, 128, 128]];
      for (const points of grids) {
        const shape = { frames: framesOf(config, points, options), channels: options.channels };
        printForecast(config, points, shape, KERNELS, print);
      }
      return;
    }
    print(
      `Training memory, weights ${
        options.weights === "f16" ? "f16 with f32 masters" : "f32"
      }: ${config.blocks} blocks of width ${config.hiddenDim}`,
    );
    const grids: Triple[] = options.points ? [options.points] : [[256, 256, 1], [128, 128, 128]];
    for (const points of grids) printGrid(config, points, options, print);
  },
});
