// Checkpoints of any supported format behind one record: names, shapes and types at once, numbers on demand.

import { folderFiles, isFolder, within } from "./file.ts";
import type { HttpOptions } from "./http.ts";
import { quoted } from "./quote.ts";
import { looksLikeSafetensors, openSafetensors, openShards } from "./safetensors.ts";
import { type ByteSource, isUrl, openSource, readStart, sibling, type SourceInput } from "./source.ts";
import type { Checkpoint } from "./stored_tensor.ts";
import { looksDistributed, looksLikeLegacy, METADATA } from "./torch_start.ts";
import { unwrapped } from "./wrappers.ts";

export type { Checkpoint, StoredTensor } from "./stored_tensor.ts";

const ZIP = "PK";
const LFS = "version https://git-lfs";
/** First byte of a pickle of protocol 2 or later. */
const PICKLE = 0x80;
/** Enough to know a format by. */
const START = 256;
const CHECKPOINTS = /\.(pt|pth|ckpt|bin|safetensors|safetensors\.index\.json)$/;

/** Opens what a source is by its content. */
async function openByContent(
  source: ByteSource,
  input: SourceInput,
  options: HttpOptions,
): Promise<Checkpoint> {
  const refuse = (why: string): never => {
    throw new SyntaxError(`Cannot read "${source.name}": ${why}`);
  };
  if (source.size === 0) refuse("it is empty");
  if (/\.distcp$/.test(source.name)) {
    refuse(`it is a part of a distributed checkpoint, wanted the folder with its ${METADATA}`);
  }
  // First: the length of a header can look like the first letters of the other formats, never the reverse.
  if (await looksLikeSafetensors(source)) return await openSafetensors(source);
  const start = await readStart(source, START);
  const text = new TextDecoder().decode(start);
  if (text.startsWith(LFS)) refuse("it is a Git LFS pointer, fetch the file itself");
  // Its readers are loaded by those who have such a file.
  if (text.startsWith(ZIP)) return await (await import("./torch.ts")).openTorch(source);
  if (/^\s*\{/.test(text)) return await openShards(source, input, options);
  if (looksLikeLegacy(start)) return await (await import("./torch_legacy.ts")).openLegacy(source);
  if (start[0] === PICKLE && looksDistributed(start)) {
    const { openDistributed } = await import("./distributed.ts");
    return await openDistributed(source, (file) => openSource(sibling(input, file), options));
  }
  if (start[0] === PICKLE) refuse("it is a bare pickle, wanted a file that torch.save wrote");
  return await openSafetensors(source);
}

/** A folder that an input names, to be searched: a local one, or a URL with a slash at its end. */
function folderOf(input: SourceInput): string | URL | null {
  if (typeof input !== "string" && !(input instanceof URL)) return null;
  const url = input instanceof URL ? input : isUrl(input) ? new URL(input) : null;
  if (!url || url.protocol === "file:") return isFolder(url ?? input) ? url ?? input : null;
  return url.pathname.endsWith("/") ? url : null;
}

/** Opens what a folder holds: a distributed checkpoint; else says what there is. */
async function openFolder(folder: string | URL, options: HttpOptions): Promise<Checkpoint> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new RangeError(`Cannot open "${folder}": it is a folder, wanted a checkpoint${why}`, { cause });
  };
  const description = within(folder, METADATA);
  let source: ByteSource;
  try {
    source = await openSource(description, options);
  } catch (error) {
    if (folder instanceof URL && folder.protocol !== "file:") {
      return refuse(`: ${(error as Error).message}`, error);
    }
    const files = await folderFiles(folder, 0) ?? [];
    const found = files.filter((file) => CHECKPOINTS.test(file)).slice(0, 3).map(quoted);
    return refuse(
      found.length > 0 ? `, for instance ${found.join(", ")} in it` : ", and there is none in it",
      error,
    );
  }
  return await openFrom(source, description, options);
}

async function openFrom(source: ByteSource, input: SourceInput, options: HttpOptions): Promise<Checkpoint> {
  try {
    return unwrapped(await openByContent(source, input, options));
  } catch (error) {
    source.close();
    throw error;
  }
}

/**
 * Opens a checkpoint and reads its table of contents; the format is found by content. Prefixes that wrappers gave its
 * tensors (`module.`, `_orig_mod.`, `model.`, `_fsdp_wrapped_module.`) are removed and said in its `notes`.
 *
 * @param input `.pt`/`.pth` archive, `.safetensors` file, `.safetensors.index.json`, folder of a distributed checkpoint:
 *   path, URL (of a folder with a slash at its end), Blob, bytes
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
  const folder = folderOf(input);
  if (folder !== null) return await openFolder(folder, options);
  return await openFrom(await openSource(input, options), input, options);
}
