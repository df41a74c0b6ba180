// A file on its way: bytes are written where they belong, and a journal beside says which are there, so that a process
// that dies loses no more than what it held. Two that write the same file write the same bytes: it is named by their
// checksum.

import type { Folder, PositionedFile } from "../io/folder.ts";

/** Bytes from (included) to (excluded). */
export type Span = readonly [from: number, to: number];

/**
 * Spans in order, none touching another.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(joined([[5, 7], [0, 2], [2, 3], [6, 9]]), [[0, 3], [5, 9]]);
 * ```
 */
export function joined(spans: readonly Span[]): Span[] {
  const out: [number, number][] = [];
  for (const [from, to] of [...spans].sort(([a], [b]) => a - b)) {
    const last = out.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else if (to > from) out.push([from, to]);
  }
  return out;
}

/** What spans leave of a file's bytes. */
export function gaps(spans: readonly Span[], size: number): Span[] {
  const out: Span[] = [];
  let at = 0;
  for (const [from, to] of [...joined(spans), [size, size] as const]) {
    if (from > at) out.push([at, from]);
    at = to;
  }
  return out;
}

/** Bytes in spans. */
export function total(spans: readonly Span[]): number {
  return spans.reduce((sum, [from, to]) => sum + to - from, 0);
}

/** A file on its way. */
export interface Partial {
  /** Bytes that are there. */
  readonly spans: () => readonly Span[];
  /** Writes bytes where they belong. */
  readonly write: (offset: number, bytes: Uint8Array) => Promise<void>;
  /** Bytes that were written. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  /** Lets go of the files; they stay. */
  readonly close: () => Promise<void>;
  /** Gives the file its name; it is closed. */
  readonly finish: (path: string) => Promise<void>;
  /** Removes what was written; it is closed. */
  readonly drop: () => Promise<void>;
}

/** Names of the file and its journal. Python's programs take `.incomplete` for leftovers of theirs. */
function paths(blob: string): { bytes: string; journal: string } {
  return { bytes: `${blob}.ranges.incomplete`, journal: `${blob}.ranges` };
}

/** The blob that a leftover belongs to; null for other names. */
export function blobOfPartial(name: string): string | null {
  return /^(.+)\.ranges(?:\.incomplete)?$/.exec(name)?.[1] ?? null;
}

/** What a journal says, as far as the bytes reach: its last line may be cut. */
function readJournal(text: string, size: number, written: number): Span[] {
  const lines = [...text.matchAll(/^(\d+) (\d+)\n/gm)];
  const spans = lines.map(([, from, to]): Span => [Number(from), Number(to)]);
  return joined(spans.filter(([from, to]) => from < to && to <= size && to <= written));
}

/** Bytes of a blob that came earlier. */
export async function partialSpans(cache: Folder, blob: string, size: number): Promise<Span[]> {
  const { bytes, journal } = paths(blob);
  const text = await cache.read(journal);
  const written = await cache.info(bytes);
  return text && written ? readJournal(new TextDecoder().decode(text), size, written.size) : [];
}

/** Opens a file on its way where it stands. */
export async function openPartial(cache: Folder, blob: string, size: number): Promise<Partial> {
  const names = paths(blob);
  let spans = await partialSpans(cache, blob, size);
  const file = await cache.open(names.bytes);
  let journal: PositionedFile;
  try {
    journal = await cache.open(names.journal);
  } catch (error) {
    await file.close();
    throw error;
  }
  // A line that was cut would swallow the next.
  let end = await journal.size();
  let order: Promise<void> = Promise.resolve();
  const note = async (line: string) => {
    const bytes = new TextEncoder().encode(line);
    await journal.write(end, bytes);
    end += bytes.length;
  };
  if (end > 0) await note("\n");
  const close = async () => {
    await order.catch(() => {});
    await file.close();
    await journal.close();
  };
  return {
    spans: () => spans,
    async write(offset, bytes) {
      await file.write(offset, bytes);
      // After the bytes, and one line after another.
      const noted = order.then(() => note(`${offset} ${offset + bytes.length}\n`));
      order = noted.catch(() => {});
      await noted;
      spans = joined([...spans, [offset, offset + bytes.length]]);
    },
    read: (offset, length) => file.read(offset, length),
    close,
    async finish(path) {
      await close();
      await cache.move(names.bytes, path);
      await cache.remove(names.journal);
    },
    async drop() {
      await close();
      await cache.remove(names.journal);
      await cache.remove(names.bytes);
    },
  };
}
