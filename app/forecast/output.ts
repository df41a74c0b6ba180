// What a forecast leaves behind: a Well-layout HDF5 file, a picture, an animation. Each file is whole or absent, and
// where they go is known to be possible before anything is computed.

import { writeSamples } from "walrus/data";
import { writeFileAtomic } from "walrus/io";
import { checkOutputs, existing } from "../outputs.ts";
import { type Drawable, pictureScales, renderAnimation, renderPicture } from "./picture.ts";
import { attributesOf, type Provenance } from "./provenance.ts";
import type { Recording } from "./recording.ts";

/** Files of a forecast. */
export interface ForecastFiles {
  readonly data: string;
  readonly picture: string;
  readonly animation: string;
}

/** Where results go unless a folder is named. */
const USUAL = "out";

function filesIn(folder: string): ForecastFiles {
  const path = `${folder.replace(/[/\\]+$/, "") || "."}/forecast`;
  return { data: `${path}.hdf5`, picture: `${path}.png`, animation: `${path}.gif` };
}

/**
 * Where a forecast goes: the folder that was named; unless one was, `out`, or where that holds a forecast `out-2`, ..
 *
 * @param out the folder; undefined: none was named
 * @param force whether files that exist may be replaced
 * @param say told where it goes when that is not what one expects
 */
export async function chooseFiles(
  out: string | undefined,
  force: boolean,
  say: (line: string) => void,
): Promise<ForecastFiles> {
  if (out !== undefined || force) return filesIn(out ?? USUAL);
  for (let number = 1;; number++) {
    const folder = number === 1 ? USUAL : `${USUAL}-${number}`;
    const files = filesIn(folder);
    if ((await existing(Object.values(files))).length > 0) continue;
    if (number > 1) say(`${USUAL}/ holds a forecast: this one goes to ${folder}/ (--force replaces it)`);
    return files;
  }
}

/**
 * Refuses results that could not be written.
 *
 * @param files where they go
 * @param force whether files that exist may be replaced
 * @param numbers of the forecast's frames
 * @param pixels of all frames of the animation
 */
export async function checkFiles(
  files: ForecastFiles,
  force: boolean,
  numbers: number,
  pixels: number,
): Promise<void> {
  // Incompressible numbers and pixels, a byte each, and some room for what describes them.
  const bytes = 4 * numbers + pixels + 2e6;
  const less = pixels > 4 * numbers ? "--no-gif or fewer --steps take less" : "fewer --steps take less";
  await checkOutputs({ files: Object.values(files), force, room: { bytes, less } });
}

/** Writes the forecast in The Well's layout. */
export async function writeForecast(
  path: string,
  family: string,
  { info, times, values }: Recording,
  provenance: Provenance,
  signal: AbortSignal,
): Promise<void> {
  const sample = { info: { ...info, dataset: `${info.dataset}_${family}_forecast` }, times, values };
  await writeFileAtomic(path, await writeSamples([sample], attributesOf(provenance, info.scalars)), signal);
}

/**
 * Writes picture and animation.
 *
 * @param gif whether there is an animation; one of an earlier forecast is removed where there is none
 * @returns paths of what was written
 */
export async function writePictures(
  { picture, animation }: ForecastFiles,
  frames: Drawable,
  gif: boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const scales = await pictureScales(frames);
  await writeFileAtomic(picture, await renderPicture(frames, scales), signal);
  signal.throwIfAborted();
  if (gif) {
    await writeFileAtomic(animation, renderAnimation(frames, scales), signal);
    return [picture, animation];
  }
  for (const old of await existing([animation])) await Deno.remove(old);
  return [picture];
}
