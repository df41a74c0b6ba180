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
import { findNotFinite } from "walrus/data";
import { isHubName } from "walrus/hub";
import { isRemote } from "walrus/io";
import { isOnHub, locateModel } from "walrus/models";
import { command, type Context } from "../cli.ts";
import { checkMap, warnTrainedOn, warnUnlearnt } from "../fields.ts";
import { hubFor, statisticsAt } from "../hub.ts";
import { DATA, MODEL } from "../shipped.ts";
import { drawable, pixelsOf, planeOf } from "./draw.ts";
import { checkEnsemble } from "./ensemble_options.ts";
import { ensembleLines } from "./ensemble_scores.ts";
import { frameNumbers, framesKept, keptBytes } from "./memory.ts";
import { completeOptions, declareOptions, type ForecastOptions, type ReadOptions } from "./options.ts";
import { checkFiles, chooseFiles, writeForecast, writePictures } from "./output.ts";
import { originOf, provenanceOf } from "./provenance.ts";
import { breakLines, physicsLines } from "./physics.ts";
import { onlyFields } from "./recording.ts";
import { type Result, rollOut, type Starts, truthIndex } from "./roll_out.ts";
import { scoresJson } from "./scores.ts";
import { renderTable } from "./table.ts";

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

/** The split and the trajectory that were asked for. */
async function trajectoryOf(data: Dataset, { split: name, trajectory, input }: ForecastOptions) {
  const split = await data.split(name);
  if (trajectory < split.trajectories) return { split, trajectory: split.trajectory(trajectory) };
  throw new RangeError(
    `"${input}" has trajectories 0 to ${split.trajectories - 1}, ${trajectory} was asked for`,
  );
}

/** The input window, and what members of an ensemble that start earlier read before it. */
async function startsOf(
  trajectory: Trajectory,
  model: LoadedModel,
  options: ForecastOptions,
): Promise<Starts> {
  const length = options.frames ?? model.model.contextFrames(trajectory.info).usual;
  const before = Math.max(...options.startOffsets);
  const first = options.start - before * options.stride;
  if (first < 0) {
    throw new RangeError(
      `--start is ${options.start}: members start ${before} input frames earlier, wanted ${
        before * options.stride
      } or more`,
    );
  }
  const frames = Array.from({ length: length + before }, (_, k) => first + k * options.stride);
  if (frames.at(-1)! >= trajectory.steps) {
    throw new RangeError(
      `"${options.input}" is too short: frames ${frames[0]} to ${frames.at(-1)} are wanted, it has 0 to ${
        trajectory.steps - 1
      }`,
    );
  }
  const longer = await trajectory.sample(frames);
  const bad = findNotFinite(longer, frames);
  if (bad) throw new RangeError(`Cannot forecast from "${options.input}": ${bad}`);
  return { longer, window: before > 0 ? await trajectory.sample(frames.slice(before)) : longer };
}

/** Says what is forecast with what. */
function describe(
  { print, warn }: Context,
  trajectory: Trajectory,
  start: Sample,
  model: LoadedModel,
  options: ForecastOptions,
): void {
  const { info } = start;
  const grid = info.grid.shape.filter((n) => n > 1).join(" x ");
  print(`${info.dataset}: ${grid} points, ${trajectory.steps} frames, trajectory ${options.trajectory}`);
  const { map, transforms: given } = options;
  const shape = model.model.shape(info, {
    samples: 1,
    frames: start.times.length,
    draws: options.jitter && (model.model.draws ?? false),
    grid: options.grid,
    map,
    ...(given ? { transforms: given } : {}),
  });
  for (const note of model.model.gridNotes?.(shape) ?? []) print(note);
  const transforms = given ?? model.model.transforms?.(info) ?? {};
  for (const [field, transform] of Object.entries(transforms)) {
    print(`field ${field} is read as ${transform}_${field}`);
  }
  const { family, description, draws } = model.model;
  const { ensemble, average } = options;
  const random = options.jitter && draws ? `random draws with seed ${options.seed}` : "no random draws";
  print(
    `${family}: ${description}, ${start.times.length} frames in, ${options.steps} out, ${random}, on ${model.device.name}`,
  );
  if (average > 1) print(`each step is the mean of ${average} draws`);
  if (ensemble === undefined) return;
  const { seed, startOffsets, alsoCheckpoint } = options;
  const pairs = startOffsets.length * (1 + alsoCheckpoint.length);
  const seeds = Math.ceil(ensemble / pairs);
  const kinds = [
    ...(startOffsets.length > 1 ? [`${startOffsets.length} starts`] : []),
    ...(alsoCheckpoint.length > 0 ? [`${1 + alsoCheckpoint.length} checkpoints`] : []),
    seeds > 1 ? `seeds ${seed} to ${seed + seeds - 1}` : `seed ${seed}`,
  ];
  print(`ensemble of ${ensemble} members: ${kinds.join(" x ")}; the forecast is their mean`);
  if (seeds > 1 && !(options.jitter && draws)) {
    warn("warning: without random draws members of one start and checkpoint are alike");
  }
}

/** Says which frames have no score, and from where on the forecast is no longer finite. */
function tellFaults(
  { unscored, diverged, rows, physics }: Result,
  { steps, stopWhenDiverged, ensemble = 1 }: ForecastOptions,
  { warn }: Context,
): void {
  if (unscored.length > 0) {
    warn(
      `warning: ${unscored.length} of ${rows.length} true frames are not scored: ${unscored.join("; ")}`,
    );
  }
  for (const line of breakLines(physics, ensemble)) {
    warn(`warning: the truth keeps what the forecast breaks: ${line}`);
  }
  if (!diverged) return;
  const { step, component } = diverged;
  const ended = stopWhenDiverged && step < steps ? `; ended there, ${steps} steps were asked for` : "";
  warn(`warning: the forecast has diverged: from step ${step} on, field ${component} is not finite${ended}`);
}

/** What is forecast, from what, and where it goes: all that may be refused before anything is computed. */
async function prepare(
  options: ForecastOptions,
  trajectory: Trajectory,
  model: LoadedModel,
  { print, warn }: Context,
) {
  const { info } = trajectory;
  const files = await chooseFiles(options.out, options.force, print);
  const plane = planeOf(info, options.plane);
  const pixels = pixelsOf(info, plane);
  const numbers = options.steps * framesKept(options) * frameNumbers(info);
  await checkFiles(files, options.force, numbers, options.gif ? options.steps * pixels.animation : 0);
  const starts = await startsOf(trajectory, model, options);
  const transforms = () => options.transforms ?? model.model.transforms?.(info) ?? {};
  checkMap(options.map, [info], transforms, "--map");
  warnUnlearnt(model.model, info, options.map, transforms(), warn);
  return { files, plane, starts, kept: keptBytes(info, options, pixels.largest) };
}

/** Loads the network of a further checkpoint beside the first, on its device. */
async function alsoLoad(
  checkpoint: string,
  { device }: LoadedModel,
  { weights }: ForecastOptions,
  { hub }: ReturnType<typeof hubFor>,
  { registry, warn }: Context,
): Promise<LoadedModel> {
  const place = await locateModel({ checkpoint }, hub, registry);
  const model = await loadModel(place.checkpoint, {
    device,
    weights,
    ...(place.config ? { config: place.config } : {}),
    ...(registry ? { registry } : {}),
  });
  for (const warning of model.warnings) warn(`warning: ${checkpoint}: ${warning}`);
  return model;
}

async function forecastWith(options: ForecastOptions, given: Context): Promise<void> {
  // Scores that a program reads stand alone on standard output.
  const context: Context = options.json ? { ...given, print: given.warn } : given;
  const { print, warn, signal, registry } = context;
  const began = performance.now();
  const hub = hubFor(context, ...placesOf(options));
  using data = await openData(options.input, { masks: options.mask, boundaries: options.boundary, ...hub });
  for (const warning of data.warnings) warn(`warning: ${warning}`);
  const { split, trajectory } = await trajectoryOf(data, options);
  await using devices = new AsyncDisposableStack();
  const open = deviceOpener(options, context, devices);
  const { checkpoint, config } = options;
  // Fetched once: what is loaded is what the file will name.
  const place = await locateModel({ checkpoint, ...(config ? { config } : {}) }, hub.hub, registry);
  using model = await loadModel(place.checkpoint, {
    device: await open(),
    weights: options.weights,
    ...(place.config ? { config: place.config } : {}),
    ...(registry ? { registry } : {}),
  });
  for (const warning of model.warnings) warn(`warning: ${warning}`);
  const { files, plane, starts, kept } = await prepare(options, trajectory, model, context);
  const { window: start } = starts;
  using others = new DisposableStack();
  const further: LoadedModel[] = [];
  for (const also of options.alsoCheckpoint) {
    further.push(others.use(await alsoLoad(also, model, options, hub, context)));
  }
  if (split.name !== "all") warnTrainedOn(model.model, split, warn);
  describe(context, trajectory, start, model, options);
  const statistics = options.stats ? await statisticsAt(options.stats, hub) : await data.statistics();
  const result = await rollOut(
    [model, ...further],
    trajectory,
    starts,
    statistics,
    options,
    kept,
    context,
    open,
  );
  const { recording, rows, names, ensemble, physics } = result;
  print(`\n${renderTable(names, rows, context.screen ?? { columns: 120, color: false })}\n`);
  for (const lines of [ensemble ? ensembleLines(ensemble) : [], physicsLines(physics)]) {
    if (lines.length > 0) print(`${lines.join("\n")}\n`);
  }

  tellFaults(result, options, context);

  signal.throwIfAborted();
  const origin = await originOf(checkpoint, place, signal);
  const provenance = provenanceOf(options, model, start, origin);
  await writeForecast(files.data, model.model.family, recording, provenance, signal);
  const truth = (step: number) => truthIndex(start, options, step);
  const pictures = await writePictures(
    files,
    drawable(onlyFields(recording, start.info), trajectory, truth, plane),
    options.gif,
    signal,
  );
  const written = [files.data, ...pictures];
  print(`wrote ${written.join(", ")} in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  if (options.json) given.print(scoresJson(result, start.info.dataset, provenance, written));
}

/** All that is read. */
function placesOf({ input, checkpoint, config, stats, alsoCheckpoint }: ForecastOptions): string[] {
  return [input, checkpoint, config, stats, ...alsoCheckpoint].filter((name) => name !== undefined);
}

/** Whether an option names a URL of another machine, or something on a Hub. */
function needsNetwork(options: ForecastOptions): boolean {
  const places = placesOf(options);
  if (places.some((name) => isHubName(name) || isRemote(name))) return true;
  return [options.checkpoint, ...options.alsoCheckpoint].some(isOnHub);
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
    checkEnsemble(options);
    if (!needsNetwork(options)) await context.dropNetwork?.();
    await forecastWith(options, context);
  },
});
