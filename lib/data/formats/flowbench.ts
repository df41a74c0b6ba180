// FlowBench's flow past objects: an archive a run, `data` `[T, a, b, 3]` of velocity and pressure. The long axis is x,
// along which it flows; where both are equal, images stand as y, x (data.md section 7). A `.npy` beside it whose name
// says mask hides the object. The flow comes in and leaves along x, walls bound y.

import { openNpy } from "../../io/npy.ts";
import { openNpz } from "../../io/npz.ts";
import type { ByteSource } from "../../io/source.ts";
import { filesLike, type Source } from "../source.ts";
import {
  collectionReader,
  type FileContext,
  stemOf,
  type StoredFile,
  unitAxis,
} from "./stored/collection.ts";
import { npyArray, type StoredArray } from "./stored/stored_array.ts";
import type { StoredField } from "./stored/stored_field.ts";

const FILES = /\.npz$/i;
const MASK = /mask\w*\.npy$/i;

async function recognise(source: Source): Promise<true | string> {
  const [first] = filesLike(source, FILES);
  if (first === undefined) return "it has no files *.npz";
  const file = await source.files.get(first)!();
  try {
    const archive = await openNpz(file);
    if (!archive.arrays.includes("data")) return `"${file.name}" has no array "data"`;
    const { shape } = await archive.open("data");
    if (shape.length === 4 && shape[3] === 3) return true;
    return `"data" of "${file.name}" has shape [${shape.join(", ")}], wanted [T, A, B, 3]`;
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  } finally {
    file.close();
  }
}

/** The mask of a run: `Re_100_mask.npy`, or the only one that lies in its folder. */
function maskName({ name, source }: FileContext): string | null {
  const folder = name.slice(0, name.lastIndexOf("/") + 1);
  const names = [...source.files.keys()].filter((file) => file.startsWith(folder) && MASK.test(file));
  const own = names.find((file) => stemOf(file).startsWith(stemOf(name)));
  return own ?? (names.length === 1 ? names[0]! : null);
}

/** The Reynolds number that a file's name has: `Re_100`. */
function reynoldsOf(name: string): Record<string, number> {
  const found = /re[_-]?(\d+(?:\.\d+)?)/i.exec(stemOf(name))?.[1];
  return found === undefined ? {} : { Re: Number(found) };
}

async function open(bytes: ByteSource, context: FileContext): Promise<StoredFile> {
  const opened: { close(): void }[] = [bytes];
  const close = () => opened.forEach((each) => each.close());
  try {
    const archive = await openNpz(bytes);
    const data = npyArray(await archive.open("data"), "data");
    const [steps = 0, a = 0, b = 0, components] = data.shape;
    if (data.shape.length !== 4 || components !== 3) {
      throw new SyntaxError(
        `Cannot read "${bytes.name}": "data" has shape [${data.shape.join(", ")}], wanted [T, A, B, 3]`,
      );
    }
    const isXFirst = a > b;
    const axes = isXFirst ? "txyc" : "tyxc";
    const points = isXFirst ? [a, b] : [b, a];
    const part = (channel: number) => ({ array: data, axes, channel });
    const fields: StoredField[] = [
      { name: "pressure", order: 0, constant: false, parts: [part(2)] },
      { name: "velocity", order: 1, constant: false, parts: [part(0), part(1)] },
    ];
    const name = maskName(context);
    if (name !== null) {
      const file = await context.source.files.get(name)!();
      opened.push(file);
      const mask: StoredArray = npyArray(await openNpy(file), name);
      if (mask.shape.length !== 2 || mask.shape[0] !== a || mask.shape[1] !== b) {
        throw new SyntaxError(
          `Cannot read "${file.name}": its shape is [${
            mask.shape.join(", ")
          }], wanted [${a}, ${b}] as of "${bytes.name}"`,
        );
      }
      fields.push({
        name: "mask",
        order: 0,
        constant: true,
        parts: [{ array: mask, axes: isXFirst ? "xy" : "yx" }],
      });
    }
    const longest = Math.max(...points);
    const coordinates = points.map((n) => unitAxis(n, n / longest));
    const run = {
      trajectories: 1,
      steps,
      space: "xy",
      coordinates: () => coordinates,
      boundaries: [["open", "open"], ["wall", "wall"]] as const,
      fields,
      times: () => Promise.resolve(Float64Array.from({ length: steps }, (_, i) => i)),
      scalars: () => reynoldsOf(context.name),
    };
    const warnings = [
      "FlowBench's files have no times, frames are counted from 0; its authors say to leave out frames 0 and 1",
    ];
    return { dataset: "flowbench", splits: new Map([["all", [run]]]), warnings, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Reads FlowBench's files. */
export const flowbenchReader = collectionReader({ format: "flowbench", files: FILES, recognise, open });
