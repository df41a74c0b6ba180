// The forecast command: a trajectory and a checkpoint in; scores, a Well file, a picture and an animation out.

import {
  type Dataset,
  type Device,
  type LoadedModel,
  loadModel,
  openData,
  openDevice,
  type Sample,
  type Trajectory,
} from "walrus";
import { findNotFinite, readStatistics } from "walrus/data";
import { fetchFile, isHubName } from "walrus/hub";
import { isUrl } from "walrus/io";
import { scoredNames } from "walrus/metrics";
import { isOnHub } from "walrus/models";
import { command, type Context } from "../cli.ts";
import { hubFor } from "../hub.ts";
import { DATA, MODEL } from "../shipped.ts";
import { completeOptions, declareOptions, type ForecastOptions, type ReadOptions } from "./options.ts";
import { writeForecast, writePictures } from "./output.ts";
import { rollOut } from "./roll_out.ts";
import { renderTable } from "./table.ts";
import { channelsOf, type ForecastView, gridShape } from "./view.ts";

/** Opens the device that computes, and opens it again when it is lost. */
function deviceOpener(options: ForecastOptions, { print }: Context, devices: AsyncDisposableStack) {
  return async (): Promise<Device> =>
    devices.use(
      await openDevice(options.backend, {
        wasm: { maximumBytes: options.memory, ...(options.threads ? { threads: options.threads } : {}) },
        onChoice: print,
      }),
    );
}

/** The trajectory that was asked for. */
async function trajectoryOf(data: Dataset, { split: name, trajectory, input }: ForecastOptions) {
  const split = await data.split(name);
  if (trajectory < split.trajectories) return split.trajectory(trajectory);
  throw new RangeError(
    `"${input}" has trajectories 0 to ${split.trajectories - 1}, ${trajectory} was asked for`,
  );
}

/** The input window. */
async function startOf(
  trajectory: Trajectory,
  model: LoadedModel,
  options: ForecastOptions,
): Promise<Sample> {
  const length = options.frames ?? model.model.contextFrames(trajectory.info).usual;
  const frames = Array.from({ length }, (_, k) => options.start + k * options.stride);
  if (frames.at(-1)! >= trajectory.steps) {
    throw new RangeError(
      `"${options.input}" is too short: frames ${frames[0]} to ${frames.at(-1)} are wanted, it has 0 to ${
        trajectory.steps - 1
      }`,
    );
  }
  const start = await trajectory.sample(frames);
  const bad = findNotFinite(start, frames);
  if (bad) throw new RangeError(`Cannot forecast from "${options.input}": ${bad}`);
  return start;
}

/** Says what is forecast with what. */
function describe(
  { print }: Context,
  trajectory: Trajectory,
  start: Sample,
  model: LoadedModel,
  options: ForecastOptions,
): void {
  const { info } = start;
  const grid = info.grid.shape.filter((n) => n > 1).join(" x ");
  print(`${info.dataset}: ${grid} points, ${trajectory.steps} frames, trajectory ${options.trajectory}`);
  const transforms = options.transforms ?? model.model.transforms?.(info) ?? {};
  for (const [field, transform] of Object.entries(transforms)) {
    print(`field ${field} is read as ${transform}_${field}`);
  }
  const { family, description, draws } = model.model;
  const random = options.jitter && draws ? `random draws with seed ${options.seed}` : "no random draws";
  print(
    `${family}: ${description}, ${start.times.length} frames in, ${options.steps} out, ${random}, on ${model.device.name}`,
  );
}

async function forecastWith(options: ForecastOptions, context: Context): Promise<void> {
  const { print, warn, signal, registry } = context;
  const began = performance.now();
  const hub = await hubFor(context, ...placesOf(options));
  using data = await openData(options.input, hub);
  for (const warning of data.warnings) warn(`warning: ${warning}`);
  const trajectory = await trajectoryOf(data, options);
  await using devices = new AsyncDisposableStack();
  const open = deviceOpener(options, context, devices);
  using model = await loadModel(options.checkpoint, {
    device: await open(),
    weights: options.weights,
    ...hub,
    ...(options.config ? { config: options.config } : {}),
    ...(registry ? { registry } : {}),
  });
  for (const warning of model.warnings) warn(`warning: ${warning}`);
  const start = await startOf(trajectory, model, options);
  describe(context, trajectory, start, model, options);
  const statistics = options.stats
    ? await readStatistics(isHubName(options.stats) ? await fetchFile(options.stats, hub.hub) : options.stats)
    : await data.statistics();
  const { frames, truth, rows, names } = await rollOut(
    model,
    trajectory,
    start,
    statistics,
    options,
    context,
    open,
  );
  print(`\n${renderTable(names, rows, context.screen ?? { columns: 120, color: false })}\n`);

  const view: ForecastView = {
    dataset: start.info.dataset,
    shape: gridShape(start.info),
    channels: scoredNames(start.info),
    axisNames: start.info.grid.axes,
    times: frames.map(({ time }) => time),
    truth: truth.map((sample) => sample && channelsOf(sample)),
    forecast: frames.map(channelsOf),
    hidden: start.hidden,
  };
  const folder = options.out.replace(/[/\\]+$/, "") || ".";
  const file = `${folder}/forecast.hdf5`;
  signal.throwIfAborted();
  await writeForecast(file, model.model.family, frames, signal);
  const pictures = await writePictures(folder, view, signal);
  print(
    `wrote ${[file, ...pictures].join(", ")} in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
}

/** All that is read. */
function placesOf({ input, checkpoint, config, stats }: ForecastOptions): string[] {
  return [input, checkpoint, config, stats].filter((name) => name !== undefined);
}

/** Whether an option names a URL of another machine, or something on a Hub. */
async function needsNetwork(options: ForecastOptions): Promise<boolean> {
  const places = placesOf(options);
  if (places.some((name) => isHubName(name) || (isUrl(name) && !name.startsWith("file:")))) return true;
  return await isOnHub(options.checkpoint);
}

/** The forecast command. */
export const forecast = command<ReadOptions>({
  name: "forecast",
  description: "Forecasts a simulation: opens data, runs a network, scores and draws the result.",
  declare: declareOptions,
  aliases: { "--reuse": "--kv-cache" },
  interrupted: "the forecast was not finished, unfinished files were removed",
  async run(read, context) {
    const options = completeOptions(read, { input: DATA, checkpoint: MODEL });
    if (!await needsNetwork(options)) await context.dropNetwork?.();
    await forecastWith(options, context);
  },
});
