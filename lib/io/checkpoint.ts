// Checkpoints of any supported format behind one record: names, shapes and types at once, numbers on demand.

import type { HttpOptions } from "./http.ts";
import { looksLikeSafetensors, openSafetensors, openShards } from "./safetensors.ts";
import { openSource, readStart, type SourceInput } from "./source.ts";
import type { Checkpoint } from "./stored_tensor.ts";

export type { Checkpoint, StoredTensor } from "./stored_tensor.ts";

const ZIP = "PK";
const LFS = "version https://git-lfs";
/** First byte of a pickle of protocol 2 or later. */
const PICKLE = 0x80;

/**
 * Opens a checkpoint and reads its table of contents; the format is found by content.
 *
 * @param input `.pt`/`.pth` archive, `.safetensors` file or `.safetensors.index.json`: path, URL, Blob, bytes
 * @param options signal and fetch for remote files
 * @throws SyntaxError for contents that are no checkpoint, broken or hostile; RangeError for a file that cannot
 *   be opened
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * await assert.rejects(openCheckpoint(new Uint8Array(0)), /it is empty/);
 * ```
 */
export async function openCheckpoint(input: SourceInput, options: HttpOptions = {}): Promise<Checkpoint> {
  const source = await openSource(input, options);
  const refuse = (why: string): never => {
    throw new SyntaxError(`Cannot read "${source.name}": ${why}`);
  };
  try {
    if (source.size === 0) refuse("it is empty");
    // First: the length of a header can look like the first letters of the other formats, never the reverse.
    if (await looksLikeSafetensors(source)) return await openSafetensors(source);
    const start = await readStart(source, 64);
    const text = new TextDecoder().decode(start);
    if (text.startsWith(LFS)) refuse("it is a Git LFS pointer, fetch the file itself");
    // Its reader is loaded by those who have such a file.
    if (text.startsWith(ZIP)) return await (await import("./torch.ts")).openTorch(source);
    if (/^\s*\{/.test(text)) return await openShards(source, input, options);
    if (start[0] === PICKLE) {
      refuse("it is a bare pickle (PyTorch before 1.6), wanted a zip archive: save it again");
    }
    return await openSafetensors(source);
  } catch (error) {
    source.close();
    throw error;
  }
}
