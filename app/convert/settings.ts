// How data are converted: what workers are told and what the record keeps.

/** What can be written. */
export const TARGETS = ["well", "npz", "zarr"] as const;

/** One of them. */
export type Target = (typeof TARGETS)[number];

/** How it is written. */
export interface Settings {
  readonly to: Target;
  /** Of the data set, and of its files. */
  readonly name: string;
  /** Of the division into splits. */
  readonly seed: number;
  /** Trajectories of a file; absent: as many as make about a gigabyte. */
  readonly perFile?: number;
  /** Frames that are compressed together; 0: nothing is compressed. */
  readonly framesPerChunk: number;
  /** How much, 1 to 9. */
  readonly level: number;
  /** Run parameters that any trajectory has: a data set's files all name the same. */
  readonly scalars: readonly string[];
  /** What the source is, for the files' attributes. */
  readonly source: { readonly format: string; readonly name: string };
}

/** A data set's name as that of a folder and of files. */
export function folderName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^[._]+/, "") || "data";
}
