// Words that all threads share, at the address given to `run` and `work`: the mirror of `Control` in wasm/src/sync.rs.

/** Index of each word. */
export const CONTROL = {
  epoch: 0,
  quit: 1,
  /** 64 bits: two words. */
  program: 2,
  threads: 4,
  failedLaunch: 5,
  failedIndex: 6,
  mainMayWait: 7,
  states: 64,
} as const;

/** Bytes of the block. */
export const CONTROL_BYTES = 512;

/** Most threads a run can have: one state word each. */
export const MAX_THREADS = 64;

/** What a worker is doing. */
export const STATE = { starting: 0, ready: 1, busy: 2, gone: 3 } as const;
