// The build command: writes the package for browsers, Node and edge runtimes, and says what it costs to load.

import { command, EXIT } from "../cli.ts";

/** The build command. */
export const build = command<{ readonly out: string }>({
  name: "build",
  description: "Builds the package: scripts, kernels, declarations, hashes.",
  declare: (reader) => {
    reader.option("--out <folder>", "where to; what is in it goes", "dist");
  },
  async run({ out }, { print, warn }) {
    // Bundler and compiler are loaded by those who build: they ask for much.
    const { buildPackage, writeBuild } = await import("./build.ts");
    const { overBudget, renderSizes } = await import("./sizes.ts");
    const made = await buildPackage();
    await writeBuild(made, out);
    for (const line of renderSizes(made.sizes)) print(line);
    print(`wrote ${out}: ${made.files.size} files; their hashes are in ${out}/integrity.json`);
    const over = overBudget(made.sizes);
    for (const { what, gzip, budget } of over) {
      warn(`error: ${what} takes ${gzip} bytes, wanted at most ${budget}`);
    }
    return over.length > 0 ? EXIT.failed : EXIT.done;
  },
});
