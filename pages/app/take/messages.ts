// What the page asks of the worker that measures spectra and writes files, and what it answers.

import type { FileScene } from "./contents.ts";
import type { FilmFrame, FilmStart } from "./film.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Things the worker does, each with what it is given and what it gives. */
export interface Tasks {
  /** Power by wavenumber. */
  spectrum: {
    ask: {
      readonly numbers: Float32Array;
      readonly shape: readonly number[];
      readonly periodic: readonly boolean[];
      readonly hidden: Uint8Array | null;
    };
    answer: readonly number[];
  };
  /** An HDF5 file in The Well's layout. */
  hdf5: { ask: FileScene; answer: Bytes };
  /** An archive of NumPy arrays. */
  npz: { ask: FileScene; answer: Bytes };
  /** A film is begun under a number; its pictures come one at a time, each once the last is encoded; it is ended. */
  filmStart: { ask: { readonly film: number; readonly start: FilmStart }; answer: null };
  filmFrame: { ask: { readonly film: number; readonly frame: FilmFrame }; answer: null };
  filmEnd: { ask: { readonly film: number; readonly keep: boolean }; answer: Bytes | null };
}

/** Names of the tasks. */
export type TaskName = keyof Tasks;

/** A request. */
export interface Ask {
  readonly id: number;
  readonly name: TaskName;
  readonly ask: Tasks[TaskName]["ask"];
}

/** An answer: what was wanted, or why there is none. */
export type Answer =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };
