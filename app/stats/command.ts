// Computes the statistics of a data set's training split and writes its stats.yaml.

import { computeStatistics } from "../../lib/data/compute_statistics.ts";
import { openSplit } from "../../lib/data/split.ts";
import { writeStatistics } from "../../lib/data/statistics.ts";
import { writeFileAtomic } from "../../lib/io/file.ts";
import { command } from "../cli.ts";
import { filesOf } from "../train/systems.ts";

/** The stats command. */
export const stats = command<{ readonly out?: string }>({
  name: "stats",
  description: "Computes mean, deviation and root mean square of every field and of its increments.",
  declare: (reader) => {
    reader
      .argument("<folder>", "data set with data/train/*.hdf5")
      .option("--out <file>", "where to (default: stats.yaml in the folder)");
  },
  async run({ out }, { print, warn }, [given]) {
    const folder = given!.replace(/\/+$/, "");
    const files = await filesOf(`${folder}/data/train`);
    if (files.length === 0) throw new RangeError(`"${folder}/data/train" has no HDF5 files`);
    using split = await openSplit(files, { transforms: {} });
    const statistics = await computeStatistics(split);
    const still = Object.entries(statistics.std_delta).filter(([, value]) =>
      [value].flat(2).some((v) => v <= 1e-4)
    );
    for (const [field] of still) warn(`warning: field "${field}" hardly changes from frame to frame`);
    const path = out ?? `${folder}/stats.yaml`;
    await writeFileAtomic(path, new TextEncoder().encode(writeStatistics(statistics)));
    print(`wrote ${path}: ${Object.keys(statistics.mean).join(", ")} of ${files.length} files`);
  },
});
