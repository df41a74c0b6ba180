// Checkpoints of any supported format behind one record: names, shapes and types at once, numbers on demand.

import { openSource, readStart, type SourceInput } from "./source.ts";
import { openSafetensors, openShards } from "./safetensors.ts";
import type { Checkpoint } from "./stored_tensor.ts";
import { openTorch } from "./torch.ts";

export type { Checkpoint, StoredTensor } from "./stored_tensor.ts";

const ZIP = [0x50, 0x4b];
const LFS = "version https://git-lfs";

/**
 * Opens a checkpoint and reads its table of contents; the format is told by content.
 *
 * @param input `.pt`/`.pth` archive, `.safetensors` file or `.safetensors.index.json`: path, URL, Blob, bytes
 * @throws SyntaxError for contents that are no checkpoint, broken or hostile; RangeError for a file that cannot
 *   be opened
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * await assert.rejects(openCheckpoint(new Uint8Array(0)), /it is empty/);
 * ```
 */
export async function openCheckpoint(input: SourceInput): Promise<Checkpoint> {
  const source = await openSource(input);
  try {
    const start = await readStart(source, 64);
    const text = new TextDecoder().decode(start);
    if (start.length === 0) throw new SyntaxError(`Cannot read "${source.name}": it is empty`);
    if (text.startsWith(LFS)) {
      throw new SyntaxError(`Cannot read "${source.name}": it is a Git LFS pointer, fetch the file itself`);
    }
    if (ZIP.every((byte, i) => start[i] === byte)) return await openTorch(source);
    // An index is JSON from its first byte; a safetensors file starts with the length of its header.
    if (/^\s*\{/.test(text)) return await openShards(source, input);
    if (start[0] === 0x80) {
      throw new SyntaxError(
        `Cannot read "${source.name}": it is a bare pickle (PyTorch before 1.6), wanted a zip archive: save it again`,
      );
    }
    return await openSafetensors(source);
  } catch (error) {
    source.close();
    throw error;
  }
}
