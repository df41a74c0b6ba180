// Refusals of data in the app's words: what happened, the value, what to do. The library's own words are kept where
// they say more.

import { type Message, say } from "../message.ts";

/** From what a refusal's words caught to what is said. */
const KNOWN: readonly (readonly [RegExp, (name: string, ...caught: string[]) => string])[] = [
  [
    /"?(?:t\d_fields\/)?([\w-]+)"? is stored with the filter ([\w ]+?),/,
    (name, field, filter) =>
      `${field} is packed with ${filter}, unreadable here. Run h5repack -f GZIP=4 ${name} out.h5`,
  ],
  [
    /boundary "([^"]+)" has bc_type (.+?)(?: on |,)/,
    (_, axis, kind) => `Boundary ${axis}: ${kind} is not known. Write its bc_type as WALL, OPEN or PERIODIC.`,
  ],
  [
    /it is no HDF5 file|it has no files \*\.hdf5|no arrays\.yaml/,
    (name) =>
      `${name} is no simulation that can be read here. Wanted: HDF5, netCDF or Zarr of a simulation, or npz with its arrays.yaml.`,
  ],
  [
    /truncated file|ended at byte/,
    (name) => `${name} ends too early: a part of it is missing. Copy or download it again.`,
  ],
];

/** What is said of a refusal. */
export function dataMessage(name: string, reason: string): Message {
  for (const [pattern, words] of KNOWN) {
    const caught = pattern.exec(reason);
    if (caught) return say("bad", words(name, ...caught.slice(1)));
  }
  return say("bad", reason);
}
