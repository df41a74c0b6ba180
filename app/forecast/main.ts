// The forecast command: a trajectory and a checkpoint in; scores, a Well file, a picture and an animation out.

import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { openDevice } from "../../lib/backend/auto.ts";
import type { Device } from "../../lib/compile/device.ts";
import { openWell, type Trajectory } from "../../lib/data/well.ts";
import { findNotFinite, type Window } from "../../lib/data/window.ts";
import { frameMetric } from "../../lib/forecast/metrics.ts";
import type { Frame } from "../../lib/forecast/rollout.ts";
import { Walrus } from "../../lib/forecast/walrus.ts";
import { globalScales, readStatistics } from "../../lib/data/statistics.ts";
import { isUrl } from "../../lib/io/source.ts";
import { admit } from "./memory.ts";
import { type ForecastOptions, readOptions } from "./options.ts";
import { writeForecast, writePictures } from "./output.ts";
import { startProgress } from "./progress.ts";
import { renderTable, type ScoreRow } from "./table.ts";
import { type ForecastView, realFrame } from "./view.ts";

const ROOT = new URL("../../", import.meta.url);
const DEFAULTS = {
  input: fileURLToPath(new URL("examples/data/euler_quadrants_mini.hdf5", ROOT)),
  checkpoint: fileURLToPath(new URL("examples/walrus_small/walrus.safetensors", ROOT)),
};

/** VRMSE of the real channels. */
function scores(frame: Float32Array, truth: Float32Array | null, channels: number): (number | null)[] {
  return truth ? frameMetric("VRMSE", frame, truth, channels) : new Array<null>(channels).fill(null);
}

interface Result {
  readonly frames: readonly Frame[];
  readonly truth: readonly (Float32Array | null)[];
  readonly rows: readonly ScoreRow[];
}

async function run(
  model: Walrus,
  trajectory: Trajectory,
  start: Window,
  options: ForecastOptions,
  signal: AbortSignal,
  open: () => Promise<Device>,
): Promise<Result> {
  const channels = start.channelMask.filter((real) => real === 1).length;
  const lastFrame = options.start + (start.times.length - 1) * options.stride;
  const persisted = realFrame(start, start.frames.slice(-start.frames.length / start.times.length));
  const scales = options.stats ? globalScales(await readStatistics(options.stats), start) : undefined;
  const frames: Frame[] = [];
  const truth: (Float32Array | null)[] = [];
  const rows: ScoreRow[] = [];
  using progress = startProgress("forecast", options.steps);
  const isCpu = model.device.name.startsWith("wasm");
  const rollout = model.rollout(start, {
    steps: options.steps,
    seed: options.seed,
    ...(options.jitter ? {} : { jitter: false }),
    reuse: options.reuse,
    fieldMap: options.map,
    ...(scales ? { scales } : {}),
    admit: (need) => admit(need, Deno.systemMemoryInfo().available, isCpu ? options.memory : Infinity),
    signal,
    onDeviceLost: (error) => {
      console.error(`warning: ${error.message}; going on with a new one`);
      return open();
    },
  });
  for await (const frame of rollout) {
    const index = lastFrame + frame.step * options.stride;
    const known = index < trajectory.steps ? await trajectory.frame(index) : null;
    const real = known && realFrame(start, known.values);
    frames.push(known ? { ...frame, time: known.time } : frame);
    truth.push(real);
    rows.push({
      step: frame.step,
      time: known?.time ?? frame.time,
      forecast: scores(realFrame(start, frame.values), real, channels),
      persistence: scores(persisted, real, channels),
    });
    progress.update(frame.step);
  }
  return { frames, truth, rows };
}

async function forecast(options: ForecastOptions, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  using well = await openWell(options.input, options.transforms ? { transforms: options.transforms } : {});
  for (const warning of well.metadata.warnings) console.error(`warning: ${warning}`);
  const trajectory = well.trajectory(options.trajectory);
  using devices = new DisposableStack();
  const open = async () =>
    devices.use(
      await openDevice(options.backend, {
        wasm: { maximumBytes: options.memory, ...(options.threads ? { threads: options.threads } : {}) },
        onChoice: (text) => console.log(text),
      }),
    );
  const device = await open();
  using model = await Walrus.load(options.checkpoint, {
    device,
    weights: options.weights,
    ...(options.config ? { config: options.config } : {}),
  });
  for (const warning of model.warnings) console.error(`warning: ${warning}`);
  const length = options.frames ?? model.contextFor(trajectory);
  const start = await trajectory.window({ from: options.start, length, stride: options.stride });
  const bad = findNotFinite(start);
  if (bad) throw new RangeError(`Cannot forecast from "${options.input}": ${bad}`);

  const grid = start.shape.filter((n) => n > 1).join(" x ");
  console.log(
    `${well.metadata.dataset}: ${grid} points, ${well.metadata.steps} frames, trajectory ${options.trajectory}`,
  );
  for (const [field, transform] of Object.entries(well.transforms)) {
    console.log(`field ${field} is read as ${transform}_${field}`);
  }
  console.log(
    `Walrus: ${model.config.blocks} blocks of width ${model.config.hiddenDim}, ${length} frames in, ${options.steps} out, ${
      options.jitter && model.config.jitter ? `jitter with seed ${options.seed}` : "no jitter"
    }, on ${device.name}`,
  );
  const { frames, truth, rows } = await run(model, trajectory, start, options, signal, open);
  const names = start.channels.filter((_, c) => start.channelMask[c] === 1);
  const color = Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR");
  const columns = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 120;
  console.log(`\n${renderTable(names, rows, { columns, color })}\n`);

  const view: ForecastView = {
    dataset: well.metadata.dataset,
    shape: start.shape,
    channels: names,
    axisNames: well.metadata.axes,
    times: frames.map((f) => f.time),
    truth,
    forecast: frames.map((f) => realFrame(start, f.values)),
    hidden: start.hidden,
  };
  const folder = options.out.replace(/[/\\]+$/, "") || ".";
  const file = `${folder}/forecast.hdf5`;
  signal.throwIfAborted();
  await writeForecast(file, options.input, trajectory, start, frames, signal);
  const pictures = await writePictures(folder, view, signal);
  console.log(
    `wrote ${[file, ...pictures].join(", ")} in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
}

/** Gives up network access when no option names a URL. */
async function dropPermissions(options: ForecastOptions): Promise<void> {
  const named = [options.input, options.checkpoint, options.config ?? "", options.stats ?? ""];
  if (!named.some((name) => isUrl(name) && !name.startsWith("file:"))) {
    await Deno.permissions.revoke({ name: "net" });
  }
}

if (import.meta.main) {
  const abort = new AbortController();
  const interrupted = () => abort.abort(new Error("interrupted"));
  Deno.addSignalListener("SIGINT", interrupted);
  try {
    const options = readOptions(Deno.args, DEFAULTS);
    await dropPermissions(options);
    await forecast(options, abort.signal);
    Deno.exit(0);
  } catch (error) {
    if (error instanceof CommanderError) Deno.exit(error.exitCode === 0 ? 0 : 2);
    if (abort.signal.aborted) {
      console.error("interrupted: the forecast was not finished, unfinished files were removed");
      Deno.exit(130);
    }
    console.error(`error: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
