// What a whole evaluation needs to know before it computes: networks located, data opened, work divided; warnings said
// once; what identifies it, so that a folder of another one is refused.

import { createHash } from "node:crypto";
import { isHubName } from "walrus/hub";
import { locateModel } from "walrus/models";
import type { Context } from "../cli.ts";
import { checkMap, warnTrainedOn, warnUnlearnt } from "../fields.ts";
import { originOf } from "../forecast/provenance.ts";
import { hubFor } from "../hub.ts";
import type { CheckpointInfo } from "./evaluation.ts";
import { componentsOf } from "./frames.ts";
import { checkpointLabels } from "./labels.ts";
import { type Opened, transformsOf } from "./open.ts";
import { checkpointsOf, type Options } from "./options.ts";
import type { Identity } from "./parts.ts";
import { type Cut, windowStarts } from "./protocol.ts";
import { cutsOf, viewOf } from "./run_unit.ts";
import { type DatasetOutline, type Setup, type Unit, unitsOf } from "./units.ts";

/** A checkpoint that was located. */
export interface LocatedCheckpoint {
  readonly name: string;
  readonly given: string;
  readonly checkpoint: string;
  readonly config?: string;
  /** Its digest, where it is on this machine. */
  readonly origin: Readonly<Record<string, string | number>>;
}

/** Finds the checkpoints, fetching those on a Hub: all processes load the same files. */
export async function locateCheckpoints(options: Options, context: Context): Promise<LocatedCheckpoint[]> {
  const given = checkpointsOf(options);
  const { config } = options;
  if (config !== undefined && given.length > 1) {
    throw new RangeError(
      `--config "${config}" is of one network, ${given.length} checkpoints are given: leave their own beside them`,
    );
  }
  const names = checkpointLabels(given);
  const hub = hubFor(context, ...given, ...[config].filter((place) => place && isHubName(place)));
  return await Promise.all(given.map(async (checkpoint, i) => {
    const place = await locateModel({ checkpoint, ...(config ? { config } : {}) }, hub.hub, context.registry);
    return {
      name: names[i]!,
      given: checkpoint,
      checkpoint: String(place.checkpoint),
      ...(place.config ? { config: String(place.config) } : {}),
      origin: await originOf(checkpoint, place, context.signal),
    };
  }));
}

/** A data set as the first checkpoint sees it. */
export interface PreparedDataset {
  readonly context: number;
  readonly cuts: readonly Cut[];
  readonly fields: readonly string[];
  readonly notes: readonly string[];
}

/** What is known before anything is computed. */
export interface Prepared {
  readonly checkpoints: readonly CheckpointInfo[];
  readonly datasets: readonly PreparedDataset[];
  readonly units: readonly Unit[];
  readonly identity: Identity;
}

/** SHA-256 of a trajectory's first frame: data under the same name may be others. */
async function fingerprint(opened: Opened, index: number): Promise<string> {
  const { split } = await opened.dataset(index);
  const { values } = await split.trajectory(0).sample([0]);
  const hash = createHash("sha256");
  for (const field of values) hash.update(new Uint8Array(field.buffer, field.byteOffset, field.byteLength));
  return hash.digest("hex");
}

async function identityOf(
  opened: Opened,
  located: readonly LocatedCheckpoint[],
  infos: readonly CheckpointInfo[],
): Promise<Identity> {
  const { setup, device } = opened;
  const datasets = await Promise.all(setup.folders.map(async (_, i) => {
    const { split } = await opened.dataset(i);
    const trajectories = Array.from({ length: split.trajectories }, (_, t) => {
      const { name, steps } = split.trajectory(t);
      return [name, steps];
    });
    return { name: split.dataset, split: split.name, trajectories, first: await fingerprint(opened, i) };
  }));
  return {
    version: 1,
    protocol: setup.protocol,
    seeds: setup.seeds,
    checkpoints: infos.map((info, i) => ({ ...info, ...located[i]!.origin })),
    data: datasets,
    map: setup.map,
    masks: setup.masks,
    stats: setup.stats ?? null,
    forecasts: setup.writeForecasts,
    // The number of threads does not change what the CPU computes.
    device: device.name.startsWith("wasm") ? "wasm" : device.name,
  };
}

/**
 * Divides the work.
 *
 * @param opened device and data
 * @param located checkpoints
 * @param names of the data sets
 * @param warn takes warnings
 */
export async function prepareEvaluation(
  opened: Opened,
  located: readonly LocatedCheckpoint[],
  names: readonly string[],
  warn: Context["warn"],
): Promise<Prepared> {
  const { setup } = opened;
  const infos: CheckpointInfo[] = [];
  const outlines: DatasetOutline[][] = [];
  const drawn: (readonly number[])[] = [];
  const datasets: (PreparedDataset & { notes: string[] })[] = [];
  for (const [checkpoint, { name, given }] of located.entries()) {
    const model = await opened.model(checkpoint);
    const { family, description, draws } = model.model;
    for (const warning of model.warnings) warn(`warning: ${warning}`);
    infos.push({ name, checkpoint: given, family, description });
    drawn.push(setup.protocol.jitter && draws ? setup.seeds : setup.seeds.slice(0, 1));
    const own: DatasetOutline[] = [];
    for (const [i, label] of names.entries()) {
      const { split } = await opened.dataset(i);
      const { info } = split.trajectory(0);
      const transforms = transformsOf(model, split);
      checkMap(setup.map, [info], () => transforms, "--map");
      warnUnlearnt(model.model, info, setup.map, transforms, warn);
      warnTrainedOn(model.model, split, warn);
      const view = await viewOf(opened, checkpoint, split);
      const cuts = cutsOf(split, view, opened);
      own.push({
        trajectories: cuts.map(({ steps }, t) => ({
          windows: windowStarts(split.trajectory(t).steps, view.context, setup.protocol.every).length,
          steps,
        })),
      });
      const fields = componentsOf(await split.trajectory(0).sample([0]), transforms).map((one) => one.name);
      const first = datasets[i];
      if (!first) {
        const { every } = setup.protocol;
        const notes = every > 1 ? [`one step ahead, one window in ${every} is scored`] : [];
        datasets.push({ context: view.context, cuts, fields, notes });
        continue;
      }
      if (JSON.stringify(first.fields) !== JSON.stringify(fields)) {
        throw new RangeError(
          `"${name}" predicts ${fields.join(", ")} of "${label}", "${located[0]!.name}" ${
            first.fields.join(", ")
          }: their scores do not stand side by side`,
        );
      }
      if (view.context !== first.context) {
        first.notes.push(
          `"${name}" has ${view.context} input frames, "${
            located[0]!.name
          }" ${first.context}: persistence and linear ` +
            `are scored as the latter is`,
        );
      }
    }
    outlines.push(own);
  }
  const units = unitsOf(setup.protocol, outlines, drawn);
  return { checkpoints: infos, datasets, units, identity: await identityOf(opened, located, infos) };
}

/** The setup with what was located. */
export function withCheckpoints(
  setup: Omit<Setup, "checkpoints">,
  located: readonly LocatedCheckpoint[],
): Setup {
  return {
    ...setup,
    checkpoints: located.map(({ name, checkpoint, config }) => ({
      name,
      checkpoint,
      ...(config ? { config } : {}),
    })),
  };
}
