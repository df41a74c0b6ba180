// Predicted channels as fields of the file: components that only the embedding added are dropped, transforms undone.

import type { Sample } from "../../data/dataset.ts";
import type { FieldOptions } from "../model.ts";
import { type ChannelGroup, embeddingOf } from "./embed.ts";
import type { WalrusShape } from "./shape.ts";
import { TRANSFORMS } from "../../data/transforms.ts";
import { transformsOf } from "./transforms.ts";

/** One field `[..points, ..components]` of channels-last numbers. */
function fieldOf(
  channels: Float32Array,
  { targets, transform }: ChannelGroup,
  count: number,
  hidden: Uint8Array | null,
): Float32Array {
  const points = channels.length / count;
  const out = new Float32Array(points * targets.length);
  // What has no way back is given as it was predicted.
  const change = transform && TRANSFORMS[transform].invert;
  for (let p = 0, at = 0; p < points; p++) {
    for (const channel of targets) {
      const value = channels[p * count + channel]!;
      // Hidden cells are 0 in any form.
      out[at++] = change && !hidden?.[p] ? change(value) : value;
    }
  }
  return out;
}

/**
 * Predicted frames in the samples' own fields and units.
 *
 * @param output `[B, X, Y, Z, C]`
 * @param shape of the program
 * @param samples that the forecast started from
 * @param options transforms, as the shape was made with
 * @returns of every sample the one frame, of which each field that varies
 */
export function outputFrames(
  output: Float32Array,
  { channels }: WalrusShape,
  samples: readonly Sample[],
  { transforms }: FieldOptions = {},
): Float32Array[][][] {
  const size = output.length / samples.length;
  return samples.map(({ info, hidden, real }, b) => {
    const { variable } = embeddingOf(info, transformsOf(info, transforms), real);
    const own = output.subarray(b * size, (b + 1) * size);
    return [variable.groups.map((group) => fieldOf(own, group, channels, hidden))];
  });
}
