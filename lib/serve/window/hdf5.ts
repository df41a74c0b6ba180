// A window of a Well file. One such file at a time: the HDF5 library is one for all, and a file that breaks it takes with
// it whatever else is open there.

import type { Sample } from "../../data/dataset.ts";
import { openData } from "../../data/open_data.ts";
import { memorySource } from "../../io/byte_source.ts";
import { hdf5Library } from "../../io/hdf5_library.ts";
import { quoted } from "../../io/quote.ts";
import type { Limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { readFrames } from "./limit.ts";
import type { WindowOptions } from "./options.ts";
import { WINDOW } from "./refusing.ts";

/** Bytes that deflate, the densest filter, makes of one at most. */
const MOST_EXPANSION = 1032;
/** What any file may claim, however small. */
const SMALL_CLAIM = 16 << 20;

/** @throws Refusal where the library can not be, as in edge runtimes */
async function startLibrary(): Promise<void> {
  try {
    await hdf5Library();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Refusal("unsupported_media", error.message, null, { cause: error });
  }
}

async function read(body: Uint8Array, options: WindowOptions, limits: Limits): Promise<Sample> {
  await startLibrary();
  // What the file claims is held against the limit before the library takes memory for it.
  const claims = Math.min(limits.bytes, Math.max(SMALL_CLAIM, MOST_EXPANSION * body.length));
  const source = { ...memorySource(body, WINDOW), claims };
  using data = await openData(new Map([[`${WINDOW}.hdf5`, () => Promise.resolve(source)]]), {
    format: "well",
  });
  const { split: name = data.splits[0]!, trajectory = 0 } = options;
  if (!data.splits.includes(name)) {
    throw new Refusal("malformed", `The window has splits ${data.splits.join(", ")}, not ${quoted(name)}`);
  }
  const split = await data.split(name);
  if (trajectory >= split.trajectories) {
    throw new Refusal(
      "malformed",
      `The window has trajectories 0 to ${split.trajectories - 1}, ${trajectory} was asked for`,
    );
  }
  return await readFrames(split.trajectory(trajectory), options, limits);
}

/** How the reader says that a file claims more than it may. */
const CLAIMS = /: it claims (.{1,200}) of (\d+) bytes, a file of its size/;

/** A claim that a larger file might have made is over the limit of this service. */
function overLimit(error: unknown, limits: Limits): unknown {
  const [, what, bytes] = CLAIMS.exec(error instanceof SyntaxError ? error.message : "") ?? [];
  if (Number(bytes) > limits.bytes) {
    const words = `The window claims ${what} of ${bytes} bytes, this service takes at most ${limits.bytes}`;
    return new Refusal("too_large", words, null, { cause: error });
  }
  return error;
}

let last: Promise<unknown> = Promise.resolve();

/**
 * The window of an HDF5 file.
 *
 * @param body the file
 * @param options which of its frames
 * @param limits of what it may claim
 * @throws Refusal, or what the reader throws, naming what is wrong
 */
export function hdf5Sample(body: Uint8Array, options: WindowOptions, limits: Limits): Promise<Sample> {
  const own = last.then(() => read(body, options, limits)).catch((error) => {
    throw overLimit(error, limits);
  });
  last = own.catch(() => {});
  return own;
}
