// Films as WebM, by the browser's own encoder.

import {
  BufferTarget,
  CanvasSource,
  getFirstEncodableVideoCodec,
  Output,
  QUALITY_VERY_HIGH,
  WebMOutputFormat,
} from "mediabunny";
import type { FilmEncoder } from "./film.ts";

/** Encodes what is on a canvas. @throws Error where the browser has no encoder for this size */
export async function webmEncoder(canvas: OffscreenCanvas): Promise<FilmEncoder> {
  const { width, height } = canvas;
  const codec = await getFirstEncodableVideoCodec(["vp9", "av1", "vp8"], { width, height });
  if (!codec) throw new Error(`this browser encodes no WebM of ${width} x ${height} pixels`);
  const target = new BufferTarget();
  const output = new Output({ format: new WebMOutputFormat(), target });
  const source = new CanvasSource(canvas, { codec, bitrate: QUALITY_VERY_HIGH });
  output.addVideoTrack(source);
  await output.start();
  let at = 0;
  return {
    async add(_, duration) {
      await source.add(at / 1000, duration / 1000);
      at += duration;
    },
    async finish() {
      await output.finalize();
      return new Uint8Array(target.buffer!);
    },
  };
}
