// What the page asks of the worker that measures spectra and writes files, and what it answers.

import type { FileScene, FilmFrame, FilmSize } from "./contents.ts";

/** Things the worker does, each with what it gives. */
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
  hdf5: { ask: { readonly scene: FileScene }; answer: Uint8Array<ArrayBuffer> };
  /** An archive of NumPy arrays. */
  npz: { ask: { readonly scene: FileScene }; answer: Uint8Array<ArrayBuffer> };
  /** A film: begun, a picture at a time, ended. */
  gif: {
    ask: { readonly size: FilmSize; readonly frames: readonly FilmFrame[] };
    answer: Uint8Array<ArrayBuffer>;
  };
  webm: {
    ask: { readonly size: FilmSize; readonly frames: readonly FilmFrame[] };
    answer: Uint8Array<ArrayBuffer>;
  };
}

/** Names of the tasks. */
export type TaskName = keyof Tasks;

/** A request. */
export type Ask = {
  [K in TaskName]: { readonly id: number; readonly name: K; readonly ask: Tasks[K]["ask"] };
}[
  TaskName
];

/** An answer: what was wanted, or why there is none. */
export type Answer =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };
