// What could not be carried over, and what was added: said in words, beside the data and on the screen.

import type { Dataset, SampleInfo } from "walrus";
import { writtenFields } from "./frames.ts";
import type { Plan } from "./plan.ts";
import { folderName, type Settings } from "./settings.ts";
import { type Beside, besideArrays } from "./write_npz.ts";
import { besideChunks } from "./write_zarr.ts";

/** What lies beside the pieces. */
export async function besideOf(data: Dataset, plan: Plan, settings: Settings): Promise<Beside> {
  if (settings.to === "npz") return await besideArrays(data, plan, settings);
  return settings.to === "zarr" ? await besideChunks(data, plan, settings) : { files: [], notes: [] };
}

/** What of one format alone is not carried over, because samples of any format do not have it. */
const OF_FORMATS: Readonly<Record<string, string>> = {
  well:
    "of boundaries the kind of each side is carried over, not their values and masks within the domain; " +
    "scalars that change in time, and whether matrices are symmetric, are not",
};

/** What follows from what trajectories are made of. */
function ofInfo({ grid, fields }: SampleInfo, { to, name }: Settings): string[] {
  const { added } = writtenFields({ fields });
  const masks = fields.filter(({ mask }) => mask).map((field) =>
    `"${field.name}" (${field.mask} where it is not 0)`
  );
  return [
    ...added
      ? [`"mask" was added: it hides what ${masks.join(", ")} hides, which other readers do not know`]
      : [],
    ...to === "well" && grid.axes.length === 1
      ? [`"${name}" has one axis: Walrus has encoders for two and three`]
      : [],
  ];
}

/**
 * What could not be carried over.
 *
 * @param data the source
 * @param plan what was written
 * @param settings how
 * @throws TypeError for scattered points, which only arrays hold
 */
export async function losses(data: Dataset, plan: Plan, settings: Settings): Promise<string[]> {
  const all = [...plan.splits.values()].flat();
  const lacking = new Map<string, number>();
  let first: SampleInfo | null = null;
  for (const { split, index } of all) {
    const { info } = (await data.split(split)).trajectory(index);
    first ??= info;
    for (const name of settings.scalars) {
      if (!Object.hasOwn(info.scalars, name)) lacking.set(name, (lacking.get(name) ?? 0) + 1);
    }
  }
  return [
    "numbers of fields are written as float32",
    ...data.warnings,
    ...plan.notes,
    ...OF_FORMATS[data.format] ? [OF_FORMATS[data.format]!] : [],
    // A name that the user chose is no news.
    ...settings.name === data.name || settings.name !== folderName(data.name)
      ? []
      : [`the data set "${data.name}" is called "${settings.name}"`],
    ...ofInfo(first!, settings),
    ...[...lacking].map(([name, count]) => `scalar "${name}" is NaN for ${count} trajectories that lack it`),
  ];
}
