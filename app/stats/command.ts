// Computes the statistics of a data set's training split and writes its stats.yaml.

import { openData } from "walrus";
import { type Masks, writeStatistics } from "walrus/data";
import { writeFileAtomic } from "walrus/io";
import { command, wholeNumber } from "../cli.ts";
import { maskOption } from "../masks.ts";
import { checkOutputs } from "../outputs.ts";
import { statisticsBy } from "../statistics.ts";

interface Options {
  readonly out?: string;
  readonly force: boolean;
  readonly mask?: Masks;
  readonly workers?: number;
}

/** The stats command. */
export const stats = command<Options>({
  name: "stats",
  description: "Computes mean, deviation and root mean square of every field and of its increments.",
  declare: (reader) => {
    reader
      .argument("<folder>", "data set, of which the training split is taken")
      .addOption(maskOption())
      .option("--out <file>", "where to (default: stats.yaml in the folder)")
      .option(
        "--workers <n>",
        "threads that read and sum up (default: as many as pay); same bits",
        wholeNumber(1),
      )
      .option("--force", "replace a file that exists", false);
  },
  async run({ out, force, mask: masks = {}, workers }, context, [given]) {
    const { print, warn } = context;
    const folder = given!.replace(/\/+$/, "");
    using data = await openData(folder, { masks });
    const path = out ?? `${folder}/stats.yaml`;
    await checkOutputs({ files: [path], force });
    const { statistics, trajectories } = await statisticsBy(data, { input: folder, masks }, workers, context);
    const still = Object.entries(statistics.std_delta).filter(([, value]) =>
      [value].flat(2).some((v) => v <= 1e-4)
    );
    for (const [field] of still) warn(`warning: field "${field}" hardly changes from frame to frame`);
    await writeFileAtomic(path, new TextEncoder().encode(writeStatistics(statistics)));
    print(`wrote ${path}: ${Object.keys(statistics.mean).join(", ")} of ${trajectories} trajectories`);
  },
});
