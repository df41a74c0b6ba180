// A conversion: what is there already, what is written, what is said at the end.

import { type Dataset, openData } from "walrus";
import { writeStatistics } from "walrus/data";
import type { Context } from "../cli.ts";
import { startProgress } from "../forecast/progress.ts";
import { DataPool, type PoolSetup, usualWorkers } from "../pool.ts";
import { statisticsBy } from "../statistics.ts";
import { bytes as inWords } from "../words.ts";
import { besideOf, losses } from "./losses.ts";
import type { Piece, Plan } from "./plan.ts";
import {
  type ConversionRecord,
  type Done,
  exists,
  RECORD,
  removeAll,
  splitFolders,
  WORK,
  writeRecord,
  writeWhole,
} from "./record.ts";
import type { Settings } from "./settings.ts";

/** Everything that one conversion needs to know. */
export interface Conversion {
  readonly root: string;
  readonly data: Dataset;
  readonly setup: PoolSetup;
  readonly settings: Settings;
  readonly plan: Plan;
  readonly record: ConversionRecord;
  readonly workers: number | undefined;
  readonly context: Context;
}

const namesOf = ({ items }: Piece) => items.map(({ split, index }) => `${split} ${index}`);

/** Writes what is not there yet; each piece is noted when it is whole. */
async function writePieces(conversion: Conversion, before: readonly Done[]): Promise<Done[]> {
  const { root, setup, settings, plan, record, workers, context } = conversion;
  const done = new Map(before.map((each) => [each.path, each]));
  const planned = plan.pieces.map(({ path }) => path);
  const note = () => writeRecord(root, `${WORK}/manifest.json`, { ...record, pieces: inOrder(), planned });
  const left = plan.pieces.filter(({ path }) => !done.has(path));
  const inOrder = () => plan.pieces.flatMap(({ path }) => done.get(path) ?? []);
  // Who is killed before the first piece is noted leaves word whose files these are.
  await note();
  if (left.length === 0) return inOrder();
  const total = left.reduce((sum, { frames }) => sum + frames, 0);
  using pool = new DataPool(setup, Math.min(workers ?? usualWorkers(), left.length), context.signal);
  using progress = startProgress("frames", total, context);
  let frames = 0;
  const onFrames = (count: number) => {
    for (let i = 0; i < count; i++) progress.update(++frames);
  };
  let noted: Promise<unknown> = Promise.resolve();
  const path = (piece: Piece) => settings.to === "zarr" ? `${root}/${WORK}/store` : `${root}/${piece.path}`;
  await Promise.all(left.map(async (piece) => {
    const temporary = `${root}/${WORK}/${plan.pieces.indexOf(piece)}.partial`;
    const task = { kind: "write", piece, settings, path: path(piece), temporary } as const;
    const { bytes } = await pool.ask(task, onFrames);
    done.set(piece.path, { path: piece.path, bytes, trajectories: namesOf(piece) });
    noted = noted.then(note);
    await noted;
  }));
  return inOrder();
}

/** Writes what lies beside the pieces; what makes a folder a data set comes last. */
async function writeBeside({ root, data, settings, plan }: Conversion) {
  const { files, notes } = await besideOf(data, plan, settings);
  const isStore = settings.to === "zarr";
  const inStore = (path: string) => isStore && path.includes("/");
  for (const [path, bytes] of files.filter(([path]) => inStore(path))) {
    const [own, made] = splitFolders(root, path.split("/")[0]!);
    // A split that has moved is whole.
    if (!await exists(own)) {
      await writeWhole(root, `${made.slice(root.length + 1)}${path.slice(path.indexOf("/"))}`, bytes);
    }
  }
  for (const split of isStore ? plan.splits.keys() : []) {
    const [own, made] = splitFolders(root, split);
    if (await exists(made)) await Deno.rename(made, own);
  }
  for (const [path, bytes] of files.filter(([path]) => !inStore(path))) await writeWhole(root, path, bytes);
  return { paths: files.map(([path]) => path).filter((path) => !inStore(path)), notes };
}

/** Statistics of what was written, which also shows that it is read; what stands against them is a note. */
async function writeStats({ root, settings, workers, context, setup }: Conversion): Promise<string[]> {
  const { masks } = setup;
  using data = await openData(root, { masks });
  let text: string;
  try {
    const { statistics } = await statisticsBy(data, { input: root, masks }, workers, context);
    text = writeStatistics(statistics);
  } catch (error) {
    if (!(error instanceof RangeError && error.message.startsWith("Cannot compute statistics"))) throw error;
    return [`no stats.yaml of "${settings.name}": ${error.message}`];
  }
  await writeWhole(root, "stats.yaml", new TextEncoder().encode(text));
  return [];
}

/**
 * Writes what is missing, and all that lies beside.
 *
 * @param conversion all that it needs to know
 * @param before pieces that are there
 */
export async function convertAll(conversion: Conversion, before: readonly Done[]): Promise<void> {
  const { root, record, settings, plan, context, data } = conversion;
  const pieces = await writePieces(conversion, before);
  const beside = await writeBeside(conversion);
  context.signal.throwIfAborted();
  const unread = await writeStats(conversion);
  const notes = [...new Set([...await losses(data, plan, settings), ...beside.notes, ...unread])];
  const paths = [...beside.paths, ...unread.length === 0 ? ["stats.yaml"] : []];
  await writeRecord(root, RECORD, { ...record, pieces, beside: paths, notes });
  await removeAll(`${root}/${WORK}`);
  for (const note of notes) context.warn(`note: ${note}`);
  const counts = [...plan.splits].map(([split, items]) => `${items.length} ${split}`).join(", ");
  const size = pieces.reduce((sum, { bytes }) => sum + bytes, 0);
  context.print(
    `wrote ${root}: ${counts} trajectories, ${plan.pieces.length} files of ${inWords(size)}; ` +
      `what was not carried over is in ${RECORD}`,
  );
}
