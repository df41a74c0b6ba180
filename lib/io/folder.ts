// A folder that a cache lives in, whatever keeps it: a disk, or the storage that a browser gives a page. Paths within
// it are relative, their parts divided by slashes. Nothing here knows what is kept.

import type { SourceInput } from "./source.ts";

/** A file that is read and written at positions. */
export interface PositionedFile {
  /** Bytes it has now. */
  size(): Promise<number>;
  /**
   * Bytes from `offset` on: `length` of them, fewer where the file ends.
   */
  read(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Writes bytes at a position; those between the end and it are zero.
   *
   * @throws DiskFullError when there is no room
   */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Lets go of the file. */
  close(): Promise<void>;
}

/** What is known of a path without opening it. */
export interface PathInfo {
  /** Bytes of a file. */
  readonly size: number;
  /** Whether it is a folder. */
  readonly folder: boolean;
}

/** A folder of files, some of which stand for others. */
export interface Folder {
  /** Path or label, for messages. */
  readonly name: string;
  /** What a path is, links followed; null where there is nothing. */
  info(path: string): Promise<PathInfo | null>;
  /** Names in a folder, sorted; none where there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  /** A small file; null where there is none. */
  read(path: string): Promise<Uint8Array | null>;
  /** Writes a small file so that it is whole or absent; folders are made. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Opens a file for reading and writing; it and its folders are made where they are missing. */
  open(path: string): Promise<PositionedFile>;
  /** Renames a file at once; one that has the new name is replaced. */
  move(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with all in it; nothing where there is none. */
  remove(path: string): Promise<void>;
  /** Makes `path` stand for the file `target`. Where there are no links, the file itself moves there. */
  link(path: string, target: string): Promise<void>;
  /** The path of the file that `path` stands for: itself for a file; null where there is none. */
  linked(path: string): Promise<string | null>;
  /**
   * Waits until no one else has the lock of that name, other processes included.
   *
   * @returns gives it back
   * @throws the reason of `signal`
   */
  lock(path: string, signal?: AbortSignal): Promise<() => Promise<void>>;
  /** Bytes that may still be written; null where no one knows. */
  free(): Promise<number | null>;
  /** A file as readers take it, under the name that `path` gives it. */
  input(path: string): Promise<SourceInput>;
}

/** There is no room left where files are kept. */
export class DiskFullError extends RangeError {
  /** Tells it from other errors where classes do not survive, as between workers. */
  override readonly name = "DiskFullError";
}
