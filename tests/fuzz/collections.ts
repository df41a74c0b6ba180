// Files of other collections, broken: opened as data, and a sample read of them.

import { openData } from "../../lib/data/open_data.ts";
import { writeHdf5 } from "../../lib/io/hdf5_writer.ts";
import { boiling, flow, gas, pastObject, smoke } from "../data/collections/valid.ts";
import { addresses, lying, zipPlaces } from "./lies.ts";
import { broken, type Cost, counted, type Kind } from "./kinds.ts";
import { LIES } from "./mutate.ts";
import fc from "fast-check";

/** Opens a file whose name says what it is, and reads the first frames of its first trajectory. */
function reader(name: string): (file: Uint8Array) => Promise<Cost> {
  return async (file) => {
    const { source, asked } = counted(file, name);
    using data = await openData(source);
    const trajectory = (await data.split()).trajectory(0);
    const { values } = await trajectory.sample([0, 1].slice(0, trajectory.steps));
    return { given: values.reduce((n, { byteLength }) => Math.max(n, byteLength), 0), asked: asked() };
  };
}

/** A kind a collection. */
export async function collectionKinds(): Promise<Kind[]> {
  const files = {
    pdebench: [await writeHdf5({ attributes: { M: 1 }, datasets: flow() }), "fuzzed/periodic.hdf5"],
    pdearena: [await writeHdf5({ groups: { train: { datasets: smoke() } } }), "fuzzed/ns.h5"],
    pdegym: [await writeHdf5({ datasets: gas() }), "fuzzed/CE-RP.nc"],
    bubbleml: [await writeHdf5({ datasets: boiling() }), "fuzzed/boiling.hdf5"],
    flowbench: [pastObject(), "fuzzed/Re_100.npz"],
  } as const;
  return Object.entries(files).map(([name, [seed, file]]) => {
    const { places, values } = file.endsWith(".npz")
      ? { places: zipPlaces(seed), values: LIES }
      : addresses(seed);
    return ({
      name,
      files: fc.oneof(broken([seed]), lying(seed, places, values)),
      read: reader(file),
      // Compressed numbers may become many; headers of a few hundred bytes claim a sample of some.
      growth: 1032,
    });
  });
}
