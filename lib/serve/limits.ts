// What one request, one client and the whole service may take. Every limit has a default: a service is bounded unless its
// operator says otherwise.

/** Bounds of a service. */
export interface Limits {
  /** Bytes of a request's body, also once it is decompressed. */
  readonly bytes: number;
  /** Bytes of an answer that is made before it is sent (JSON, npz, HDF5); frames that are sent as they come are not held. */
  readonly answer: number;
  /** Bytes of all bodies and answers that are held at the same time. */
  readonly held: number;
  /** Frames that a request may ask for. */
  readonly steps: number;
  /** Points of a window's grid. */
  readonly points: number;
  /** Fields of a window. */
  readonly fields: number;
  /** Frames of a window. */
  readonly frames: number;
  /** Seconds from a request's first byte to its answer's last. */
  readonly seconds: number;
  /** Seconds without a byte after which a body that is sent, or an answer that is read, is given up. */
  readonly stall: number;
  /** Forecasts that run at the same time. */
  readonly running: number;
  /** Requests that wait for their turn. */
  readonly waiting: number;
  /** Requests of one token that run or wait at the same time. */
  readonly perToken: number;
  /** Bytes of weights and intermediate results of all networks that are loaded. */
  readonly memory: number;
}

/** Limits that hold unless others are given. */
export const LIMITS: Limits = {
  bytes: 64 << 20,
  answer: 256 << 20,
  held: 1 << 30,
  steps: 1000,
  points: 1 << 20,
  fields: 32,
  frames: 64,
  seconds: 300,
  stall: 30,
  running: 2,
  waiting: 64,
  perToken: 64,
  memory: 4 * 2 ** 30,
};

/** Those that hold for a service as a whole: no token has its own. */
export const SHARED_LIMITS: readonly (keyof Limits)[] = ["held", "running", "waiting", "memory"];
