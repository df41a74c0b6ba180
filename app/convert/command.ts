// The convert command: data of any format that is read become The Well's files, NumPy arrays or Zarr.

import { openData } from "walrus";
import { Option } from "commander";
import type { BoundaryNames, Masks } from "walrus/data";
import type { HubOptions } from "walrus/hub";
import { choice, command, wholeNumber } from "../cli.ts";
import { hubFor } from "../hub.ts";
import { maskOption } from "../masks.ts";
import { checkOutputs } from "../outputs.ts";
import type { PoolSetup } from "../pool.ts";
import { boundaryOption } from "../boundaries.ts";
import { convertAll } from "./conversion.ts";
import { itemsOf, planOf } from "./plan.ts";
import {
  type ConversionRecord,
  digestOf,
  doneBefore,
  lockFolder,
  prepare,
  readRecord,
  RECORD,
  removeAll,
  stampsOf,
  WORK,
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

/** What a worker needs of the way to a Hub: functions stay here. */
function plainHub({ cache, endpoint, token, offline }: HubOptions): PoolSetup["hub"] {
  return {
    ...cache ? { cache } : {},
    ...endpoint ? { endpoint } : {},
    ...token ? { token } : {},
    ...offline === undefined ? {} : { offline },
  };
}

/** The convert command. */
export const convert = command<Options>({
  name: "convert",
  description: "Converts data of any format that is read to The Well's files, NumPy arrays or Zarr.",
  interrupted: "what is finished is kept, the same command goes on from there",
  declare: (reader) => {
    reader
      .argument("<input>", "file, folder, url or hf:datasets/.. of data")
      .option("--out <folder>", "where to: the data set becomes a folder of its name in it", "out")
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
    const record: ConversionRecord = {
      version: 1,
      digest: await digestOf([input, await stampsOf(input), opened, settings, items, plan.pieces]),
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
