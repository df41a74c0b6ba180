// Computes the statistics of a data set's training split and writes its stats.yaml.

import { Command, CommanderError } from "commander";
import { computeStatistics } from "../../lib/data/compute_statistics.ts";
import { openSplit } from "../../lib/data/split.ts";
import { writeStatistics } from "../../lib/data/statistics.ts";
import { writeFileAtomic } from "../../lib/io/file.ts";
import { filesOf } from "../train/systems.ts";

async function main(args: readonly string[]): Promise<void> {
  const command = new Command("stats")
    .description("Computes mean, deviation and root mean square of every field and of its increments.")
    .argument("<folder>", "data set with data/train/*.hdf5")
    .option("--out <file>", "where to (default: stats.yaml in the folder)")
    .showHelpAfterError()
    .exitOverride();
  command.parse([...args], { from: "user" });
  const folder = command.args[0]!.replace(/\/+$/, "");
  const files = await filesOf(`${folder}/data/train`);
  if (files.length === 0) throw new RangeError(`"${folder}/data/train" has no HDF5 files`);
  using split = await openSplit(files, { transforms: {} });
  const statistics = await computeStatistics(split);
  const still = Object.entries(statistics.std_delta).filter(([, value]) =>
    [value].flat(2).some((v) => v <= 1e-4)
  );
  for (const [field] of still) console.error(`warning: field "${field}" hardly changes from frame to frame`);
  const path: string = command.opts().out ?? `${folder}/stats.yaml`;
  await writeFileAtomic(path, new TextEncoder().encode(writeStatistics(statistics)));
  console.log(`wrote ${path}: ${Object.keys(statistics.mean).join(", ")} of ${files.length} files`);
}

if (import.meta.main) {
  try {
    await main(Deno.args);
  } catch (error) {
    if (error instanceof CommanderError) Deno.exit(error.exitCode === 0 ? 0 : 2);
    console.error(`error: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
