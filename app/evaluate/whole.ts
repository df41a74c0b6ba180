// A whole evaluation: divided into units, done by one process or several, gathered into `evaluation.json`. Whatever was
// done before an interruption is not done again.

import { writeFileAtomic } from "walrus/io";
import { type Context, EXIT } from "../cli.ts";
import type { Evaluation, ProtocolName } from "./evaluation.ts";
import { gatherEvaluation } from "./gather.ts";
import { labelsOf } from "./labels.ts";
import { Opened } from "./open.ts";
import { type Options, USUAL_ROLLOUT } from "./options.ts";
import { missingOf, openFolder } from "./parts.ts";
import { runInWorkers } from "./pool.ts";
import { locateCheckpoints, prepareEvaluation, withCheckpoints } from "./prepare.ts";
import { protocolOf, PROTOCOLS } from "./protocol.ts";
import { writeReport } from "./report/report.ts";
import { runUnit } from "./run_unit.ts";
import { printSummary } from "./summary.ts";
import type { Setup, Unit } from "./units.ts";

/** Milliseconds between lines of progress. */
const TELL = 10_000;

/** Share of the resamples within the intervals. */
const LEVEL = 0.95;

/** The threads of a process: the processors are shared. */
function threadsOf({ threads, processes }: Options): number | undefined {
  if (threads !== undefined || processes === 1) return threads;
  return Math.max(1, Math.floor(navigator.hardwareConcurrency / processes));
}

function setupOf(options: Options, out: string, folders: readonly string[]): Omit<Setup, "checkpoints"> {
  const name: ProtocolName = options.protocol ?? "own";
  const rule = PROTOCOLS[name];
  if (options.rollout !== undefined && rule.steps !== null) {
    throw new RangeError(
      `--rollout ${options.rollout}: the protocol "${name}" has ${rule.steps} steps, wanted --protocol own`,
    );
  }
  const seeds = options.seeds ?? [options.seed];
  // Several seeds of no draws would be one forecast again and again.
  const jitter = options.jitter ?? (rule.jitter || seeds.length > 1 || options.ensemble > 0);
  if (!jitter && (seeds.length > 1 || options.ensemble > 0)) {
    throw new RangeError(
      "--no-jitter leaves no draws, wanted one seed and no --ensemble: its members would be the same",
    );
  }
  if (options.ensemble === 1) {
    throw new RangeError("--ensemble is 1, wanted 2 or more members, or 0 for none");
  }
  const threads = threadsOf(options);
  return {
    folders,
    split: options.split ?? (name === "own" ? "valid" : "test"),
    masks: options.mask ?? {},
    ...(options.stats ? { stats: options.stats } : {}),
    map: options.map,
    protocol: protocolOf(name, {
      rollout: options.rollout ?? USUAL_ROLLOUT,
      every: options.every,
      jitter,
      kvCache: options.kvCache,
      ensemble: options.ensemble,
      bootstrap: { resamples: options.resamples, level: LEVEL, seed: 0 },
    }),
    seeds,
    backend: options.backend,
    ...(threads ? { threads } : {}),
    out,
    writeForecasts: options.writeForecasts,
  };
}

/** Does what is missing. */
async function runUnits(
  opened: Opened,
  units: readonly Unit[],
  all: number,
  processes: number,
  { warn, signal, registry }: Context,
): Promise<void> {
  let done = all - units.length;
  if (done > 0) warn(`${done} of ${all} parts are there`);
  let told = performance.now();
  const onDone = () => {
    done++;
    if (performance.now() - told < TELL && done < all) return;
    told = performance.now();
    warn(`${done} of ${all} parts`);
  };
  if (processes > 1 && units.length > 1) {
    if (registry) throw new RangeError(`--processes ${processes}: networks of one's own are in one process`);
    await runInWorkers(opened.setup, units, processes, onDone, signal);
    return;
  }
  for (const unit of units) {
    signal.throwIfAborted();
    await runUnit(opened, unit);
    onDone();
  }
}

/**
 * A whole evaluation.
 *
 * @param options of the command
 * @param out folder of the results
 * @param context around the command
 * @param folders data sets
 * @param args all words
 * @returns the exit code
 */
export async function evaluateWhole(
  options: Options,
  out: string,
  context: Context,
  folders: readonly string[],
  args: readonly string[],
): Promise<number> {
  const print = options.json ? context.warn : context.print;
  const located = await locateCheckpoints(options, context);
  const setup = withCheckpoints(setupOf(options, out, folders), located);
  const names = labelsOf(folders);
  await using opened = await Opened.open(setup, context);
  const prepared = await prepareEvaluation(opened, located, names, context.warn);
  await openFolder(out, prepared.identity, options.force);
  const missing = await missingOf(out, prepared.units);
  await runUnits(opened, missing, prepared.units.length, options.processes, context);
  const command = ["deno task evaluate", ...args].join(" ");
  const evaluation: Evaluation = await gatherEvaluation(opened, names, prepared, command);
  const text = JSON.stringify(evaluation);
  await writeFileAtomic(`${out}/evaluation.json`, new TextEncoder().encode(`${text}\n`), context.signal);
  printSummary(evaluation, print, context.warn);
  const reports = await writeReport(out, evaluation, { againstPaper: options.against === "paper" });
  print(`wrote ${reports.join(" and ")}`);
  print(`wrote ${out}/evaluation.json, digest ${evaluation.digest}`);
  if (options.json) context.print(text);
  return EXIT.done;
}
