// What a forecast leaves behind: a Well-layout HDF5 file, a picture, an animation. Each file is whole or absent.

import type { Frame } from "walrus";
import { writeSamples } from "walrus/data";
import { writeFileAtomic } from "walrus/io";
import { renderAnimation, renderPicture } from "./picture.ts";
import type { ForecastView } from "./view.ts";

/** All values of a field in all frames, one after the other. */
function joined(frames: readonly Frame[], field: number): Float32Array {
  const size = frames[0]!.values[field]!.length;
  const out = new Float32Array(size * frames.length);
  frames.forEach(({ values }, i) => out.set(values[field]!, i * size));
  return out;
}

/** Writes the forecast in The Well's layout. */
export async function writeForecast(
  path: string,
  family: string,
  frames: readonly Frame[],
  signal: AbortSignal,
): Promise<void> {
  const { info, values } = frames[0]!;
  const bytes = await writeSamples([{
    info: { ...info, dataset: `${info.dataset}_${family}_forecast` },
    times: Float64Array.from(frames, ({ time }) => time),
    values: values.map((own, field) => info.fields[field]!.constant ? own : joined(frames, field)),
  }]);
  await writeFileAtomic(path, bytes, signal);
}

/** Writes picture and animation. */
export async function writePictures(
  folder: string,
  view: ForecastView,
  signal: AbortSignal,
): Promise<string[]> {
  const [picture, animation] = [`${folder}/forecast.png`, `${folder}/forecast.gif`];
  await writeFileAtomic(picture, await renderPicture(view), signal);
  signal.throwIfAborted();
  await writeFileAtomic(animation, await renderAnimation(view), signal);
  return [picture, animation];
}
