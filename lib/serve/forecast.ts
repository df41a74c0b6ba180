// A forecast of a network of the pool: checked before it waits for its turn, and with room made for it where its plan
// wants some.

import { DeviceLostError, DisposedError } from "../compile/device.ts";
import { nearNames } from "../data/near_names.ts";
import type { Sample } from "../data/dataset.ts";
import type { Statistics } from "../data/statistics.ts";
import type { FieldTransforms } from "../data/transforms.ts";
import { ensemble } from "../forecast/ensemble.ts";
import type { ForecastModel } from "../forecast/forecast_model.ts";
import type { MemoryEstimate } from "../forecast/prepare.ts";
import type { RolloutOptions } from "../forecast/rollout.ts";
import { summaryFrame, summaryInfo } from "../forecast/summary_fields.ts";
import type { Frame } from "../forecast/frame.ts";
import type { FieldMap, GridTreatment, Model } from "../models/model.ts";
import { unfitOf } from "./errors.ts";
import type { ModelPool, ModelUse } from "./models.ts";
import { Refusal } from "./refusal.ts";

/** How a network forecasts, as requests say it. */
export interface RolloutChoices {
  readonly steps: number;
  readonly seed?: number | undefined;
  readonly draws?: boolean | undefined;
  readonly kvCache?: boolean | undefined;
  readonly lead?: number | undefined;
  readonly map?: FieldMap | undefined;
  readonly transforms?: FieldTransforms | undefined;
  readonly grid?: GridTreatment | undefined;
  readonly average?: number | undefined;
}

/** An ensemble, as requests say it. */
export interface EnsembleChoices {
  readonly members: number;
  readonly quantiles: readonly number[];
}

/** What is forecast. */
export interface ForecastTask {
  readonly model: string;
  readonly start: Sample;
  readonly statistics: Statistics | null;
  readonly choices: RolloutChoices;
  /** None for one forecast. */
  readonly ensemble?: EnsembleChoices | null;
}

/** Names of what is not undefined. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** Refuses options that name no field of the window. */
function checkFields(option: string, names: Iterable<string>, { info }: Sample): void {
  const fields = info.fields.map(({ name }) => name);
  for (const name of names) {
    if (
      info.fields.some((field) =>
        field.name === name || (field.order > 0 && name.startsWith(`${field.name}_`))
      )
    ) {
      continue;
    }
    const [near] = nearNames(name, fields, 1);
    const hint = near === undefined ? "" : `, did you mean "${near}"?`;
    throw new Refusal(
      "unfit",
      `${option}.${name}: the window has no such field${hint}; it has ${fields.join(", ")}`,
    );
  }
}

/**
 * Checks that a network can take a window.
 *
 * @param model the network
 * @param task window and options
 * @returns the kind of window: programs are made for each
 * @throws Refusal `unfit` in the network's words
 */
export function checkFit(model: Model, { start, choices, ensemble }: ForecastTask): string {
  const { map, transforms, grid, kvCache = false, draws = model.draws ?? false, average = 1 } = choices;
  checkFields("map", Object.keys(map ?? {}).map((name) => untransformed(name, start)), start);
  checkFields("transforms", Object.keys(transforms ?? {}), start);
  if (kvCache && !model.kvCache) {
    throw new Refusal(
      "unfit",
      `Cannot keep a KV cache: past frames see later ones in this network (${model.family})`,
    );
  }
  if (kvCache && average > 1) {
    throw new Refusal("unfit", `Cannot average ${average} draws with a KV cache: it is of one draw`);
  }
  const { least, most } = model.contextFrames(start.info);
  const frames = start.times.length;
  if (frames < least || frames > most) {
    throw new Refusal("unfit", `The window has ${frames} frames, this network takes ${least} to ${most}`);
  }
  try {
    const shape = model.shape(start.info, { samples: 1, frames, draws, ...given({ grid, map, transforms }) });
    // Each member has its state: more of them are a kind of their own.
    return JSON.stringify(ensemble ? [kvCache, shape, ensemble.members] : [kvCache, shape]);
  } catch (error) {
    throw unfitOf(error);
  }
}

/** The field that a name in a map means: that of a field in another form stands for the field. */
function untransformed(name: string, { info }: Sample): string {
  const plain = name.replace(/^(?:log10|zeros_like)_/, "");
  return info.fields.some((field) => field.name === name) ? name : plain;
}

/** The kind of window; a network that can not take it is given back. */
function kindOf(use: ModelUse, task: ForecastTask): string {
  try {
    return checkFit(use.model.model, task);
  } catch (error) {
    use[Symbol.dispose]();
    throw error;
  }
}

/** Whether an error says that the device of a network, or its worker, is gone. */
function isGone(error: unknown): boolean {
  return error instanceof DeviceLostError || error instanceof DisposedError ||
    (error instanceof Error && error.message.startsWith("The worker ended"));
}

/** Frames of a task: of an ensemble the mean, with spread and quantiles as fields beside it. */
async function* framesOf(
  model: ForecastModel,
  { start, ensemble: chosen }: ForecastTask,
  options: RolloutOptions,
): AsyncGenerator<Frame, void, void> {
  if (!chosen) return yield* model.rollout(start, options);
  const info = summaryInfo(start.info, chosen.quantiles);
  for await (const frame of ensemble(model, start, { ...options, ...chosen })) {
    yield summaryFrame(frame, info);
  }
}

/** What is told of a forecast while it runs. */
export interface ForecastEvents {
  /** The network is loaded: after so many seconds. */
  onLoaded(seconds: number): void;
}

/**
 * Forecasts: frames as they are asked for.
 *
 * @param pool whose network it is
 * @param task what is forecast
 * @param signal ends it
 * @param events told on the way
 * @throws Refusal `unfit`, `memory`; the signal's reason
 */
export async function* forecastFrames(
  pool: ModelPool,
  task: ForecastTask,
  signal: AbortSignal,
  events: ForecastEvents,
): AsyncGenerator<Frame, void, void> {
  let use = await pool.use(task.model, signal);
  events.onLoaded(use.seconds);
  const kind = kindOf(use, task);
  let began = false;
  for (;;) {
    let wanted: MemoryEstimate | null = null;
    let refusal: unknown = null;
    try {
      using held = use;
      const frames = framesOf(held.model, task, {
        ...given(task.choices),
        statistics: task.statistics,
        signal,
        // Errors lose their class between threads, so what happened here is kept here.
        admit: (need) => {
          try {
            if (held.admit(kind, need)) return;
            wanted = need;
          } catch (error) {
            refusal = error;
          }
          throw new Error("There is no room for this forecast");
        },
      });
      for await (const frame of frames) {
        began = true;
        yield frame;
      }
      return;
    } catch (error) {
      if (refusal) throw refusal;
      if (!signal.aborted && isGone(error)) {
        use.discard();
        throw new Refusal("busy", "What computes was lost, and is opened again", 1, { cause: error });
      }
      if (!wanted || signal.aborted) throw began ? error : unfitOf(error, signal);
    }
    use = await pool.makeRoom(task.model, kind, wanted, signal);
  }
}
