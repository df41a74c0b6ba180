// The convert command: data of any format that is read become The Well's files, NumPy arrays or Zarr.

import { type Dataset, openData } from "walrus";
import { Option } from "commander";
import { type BoundaryNames, type Masks, writeStatistics } from "walrus/data";
import type { HubOptions } from "walrus/hub";
import { choice, command, type Context, wholeNumber } from "../cli.ts";
import { startProgress } from "../forecast/progress.ts";
import { hubFor } from "../hub.ts";
import { maskOption } from "../masks.ts";
import { checkOutputs } from "../outputs.ts";
import { DataPool, type PoolSetup, usualWorkers } from "../pool.ts";
import { statisticsBy } from "../statistics.ts";
import { bytes as inWords } from "../words.ts";
import { boundaryOption } from "./boundaries.ts";
import { besideOf, losses } from "./losses.ts";
import { itemsOf, type Piece, type Plan, planOf } from "./plan.ts";
import {
  digestOf,
  type Done,
  lockFolder,
  readRecord,
  RECORD,
  type Record_,
  removeAll,
  sizeOf,
  WORK,
  writeRecord,
  writeWhole,
} from "./record.ts";
import { neededBytes } from "./room.ts";
import { folderName, type Settings, type Target, TARGETS } from "./settings.ts";

interface Options {
  readonly out: string;
  readonly to: Target;
  readonly name?: string;
  readonly format?: string;
  readonly seed: number;
  readonly perFile?: number;
  readonly frames: number;
  readonly level: number;
  readonly workers?: number;
  readonly mask?: Masks;
  readonly boundary?: BoundaryNames;
  readonly force: boolean;
}

/** Everything that one conversion needs to know. */
interface Conversion {
  readonly root: string;
  readonly data: Dataset;
  readonly setup: PoolSetup;
  readonly settings: Settings;
  readonly plan: Plan;
  readonly record: Record_;
  readonly workers: number | undefined;
  readonly context: Context;
}

/** What a worker needs of the way to a Hub: functions stay here. */
function plainHub({ cache, endpoint, token, offline }: HubOptions): PoolSetup["hub"] {
  return {
    ...cache ? { cache } : {},
    ...endpoint ? { endpoint } : {},
    ...token ? { token } : {},
    ...offline === undefined ? {} : { offline },
  };
}

const namesOf = ({ items }: Piece) => items.map(({ split, index }) => `${split} ${index}`);

/** The folder that a split of Zarr is in the end, and the one in which it is made. */
const splitFolders = (root: string, split: string) =>
  [`${root}/${split}`, `${root}/${WORK}/store/${split}`] as const;

const exists = async (path: string) => await sizeOf(path) !== null;

/** Pieces of an earlier process that are whole. */
async function doneBefore(
  root: string,
  before: Record_ | null,
  record: Record_,
  to: Target,
): Promise<Done[]> {
  if (before?.digest !== record.digest) return [];
  const found: Done[] = [];
  for (const piece of before.pieces) {
    const [own, made] = splitFolders(root, piece.path.split("/")[0]!);
    const isThere = to === "zarr"
      ? await exists(own) || await exists(made)
      : await sizeOf(`${root}/${piece.path}`) === piece.bytes;
    if (isThere) found.push(piece);
  }
  return found;
}

/** Refuses a folder that holds something else, or removes what an earlier conversion made of it. */
async function prepare(root: string, found: readonly (Record_ | null)[], record: Record_, force: boolean) {
  const other = found.find((each) => each && each.digest !== record.digest);
  if (!other) {
    if (found.some(Boolean) || await isEmpty(root)) return;
    throw new RangeError(
      `"${root}" holds files that no conversion wrote: --out or --name writes elsewhere`,
    );
  }
  if (!force) {
    throw new RangeError(
      `"${root}" holds another conversion, of "${other.input}": --force replaces it, --out or --name writes elsewhere`,
    );
  }
  for (const each of found) {
    for (const { path } of each?.pieces ?? []) {
      // Of Zarr, and of arrays, the folder of the split is the conversion's own.
      await removeAll(`${root}/${path.startsWith("data/") ? path : path.split("/")[0]}`);
    }
    for (const path of each?.beside ?? []) await removeAll(`${root}/${path}`);
  }
  await removeAll(`${root}/${RECORD}`);
  for (const name of ["store", "manifest.json"]) await removeAll(`${root}/${WORK}/${name}`);
}

/** Whether nothing lies in a folder but hidden things. */
async function isEmpty(root: string): Promise<boolean> {
  try {
    for await (const { name } of Deno.readDir(root)) if (!name.startsWith(".")) return false;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return true;
}

/** Writes what is not there yet; each piece is noted when it is whole. */
async function writePieces(conversion: Conversion, before: readonly Done[]): Promise<Done[]> {
  const { root, setup, settings, plan, record, workers, context } = conversion;
  const done = new Map(before.map((each) => [each.path, each]));
  const left = plan.pieces.filter(({ path }) => !done.has(path));
  const inOrder = () => plan.pieces.flatMap(({ path }) => done.get(path) ?? []);
  // Who is killed before the first piece is noted leaves word whose files these are.
  await writeRecord(root, `${WORK}/manifest.json`, { ...record, pieces: inOrder() });
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
    noted = noted.then(() => writeRecord(root, `${WORK}/manifest.json`, { ...record, pieces: inOrder() }));
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
  const input = { input: root, masks };
  try {
    using data = await openData(root, { masks });
    const { statistics } = await statisticsBy(data, input, workers, context);
    await writeWhole(root, "stats.yaml", new TextEncoder().encode(writeStatistics(statistics)));
    return [];
  } catch (error) {
    if (context.signal.aborted || !(error instanceof RangeError)) throw error;
    return [`no stats.yaml of "${settings.name}": ${error.message}`];
  }
}

async function convertAll(conversion: Conversion, before: readonly Done[]): Promise<void> {
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

/** The convert command. */
export const convert = command<Options>({
  name: "convert",
  description: "Converts data of any format that is read to The Well's files, NumPy arrays or Zarr.",
  interrupted: "what is finished is kept, the same command goes on from there",
  declare: (reader) => {
    reader
      .argument("<input>", "file, folder, url or hf:datasets/.. of data")
      .requiredOption("--out <folder>", "where to: the data set becomes a folder of its name in it")
      .addOption(choice("--to <format>", "what is written", TARGETS, "well"))
      .option("--name <name>", "of the data set (default: as the source is called)")
      .option("--format <name>", "take the source for this format (default: found by content)")
      .option(
        "--seed <n>",
        "of the division 80/10/10 into splits, where the source has none",
        wholeNumber(0),
        0,
      )
      .option("--per-file <n>", "trajectories of a file (default: about 1 GB)", wholeNumber(1))
      .option("--frames <n>", "frames that are compressed together; 0: nothing is", wholeNumber(0), 1)
      .option("--level <n>", "how much is compressed", wholeNumber(1, 9), 4)
      .addOption(
        new Option("--workers <n>", "files written at the same time (default: all processors, at most 8)")
          .argParser(wholeNumber(1)),
      )
      .addOption(maskOption())
      .addOption(boundaryOption())
      .option("--force", "replace another conversion", false);
  },
  async run(options, context, [given]) {
    const input = given!;
    const { out, to, seed, perFile, frames, level, format, mask: masks = {}, boundary, force } = options;
    const { hub } = hubFor(context, input);
    const opened = { masks, ...format ? { format } : {}, ...boundary ? { boundaries: boundary } : {} };
    using data = await openData(input, { ...opened, ...hub ? { hub } : {} });
    const { items, scalars } = await itemsOf(data);
    const name = folderName(options.name ?? data.name);
    const settings: Settings = {
      to,
      name,
      seed,
      ...perFile ? { perFile } : {},
      framesPerChunk: frames,
      level,
      scalars,
      source: { format: data.format, name: data.name },
    };
    const plan = planOf(items, settings);
    const root = `${out.replace(/(?<=.)[/\\]+$/, "")}/${name}`;
    const record: Record_ = {
      version: 1,
      digest: await digestOf([input, opened, settings, items, plan.pieces]),
      input,
      settings: { ...settings, ...opened },
      pieces: [],
    };
    const needed = await neededBytes(data, plan, settings);
    await checkOutputs({ files: [`${root}/${RECORD}`], force: true });
    using _lock = await lockFolder(root);
    const [whole, begun] = [
      await readRecord(`${root}/${RECORD}`),
      await readRecord(`${root}/${WORK}/manifest.json`),
    ];
    await prepare(root, [whole, begun], record, force);
    const before = await doneBefore(root, whole?.digest === record.digest ? whole : begun, record, to);
    if (whole?.digest === record.digest && before.length === plan.pieces.length) {
      await removeAll(`${root}/${WORK}`);
      context.print(`${root} is converted already`);
      return;
    }
    const share = 1 - before.length / plan.pieces.length;
    await checkOutputs({
      files: [`${root}/${RECORD}`],
      force: true,
      room: { bytes: Math.ceil(needed * share), less: "--level 9 or another disk for --out" },
    });
    if (before.length > 0) context.warn(`goes on: ${before.length} of ${plan.pieces.length} files are there`);
    await convertAll({
      root,
      data,
      setup: { input, ...opened, ...hub ? { hub: plainHub(hub) ?? {} } : {} },
      settings,
      plan,
      record,
      workers: options.workers,
      context,
    }, before);
  },
});
