// What a link keeps of the app: the query, both ways. Pure. Anything that does not fit is left out, never an error.

import type { GridTreatment } from "walrus";
import { type ColourMap, FIRST_VIEW, type Scene, type View } from "../scene.ts";
import { type Boundaries, KIND, KINDS } from "../setup/boundaries.ts";
import {
  type Backend,
  type DataChoice,
  FIRST_SETTINGS,
  type ModelChoice,
  type Settings,
} from "../setup/choice.ts";

/** What is in a link. */
export interface Linked {
  readonly data: DataChoice | null;
  readonly model: ModelChoice;
  readonly compare: ModelChoice | null;
  readonly settings: Settings;
  readonly view: View;
}

/** A file of the sender's own. */
export interface OwnFile {
  readonly name: string;
  readonly bytes: number;
  /** First eight bytes of its SHA-256, in hexadecimal. */
  readonly sha: string;
}

/** Longest query. */
export const LONGEST = 500;

const EXAMPLE_NAMES = ["gray_scott", "euler"] as const;
const BACKENDS: readonly Backend[] = ["auto", "wasm", "webgpu"];
const MAPS: readonly ColourMap[] = ["auto", "viridis", "cividis", "magma", "balance", "RdBu"];
const GRIDS: readonly GridTreatment[] = ["auto", "native", "resample", "refuse"];

function modelText(choice: ModelChoice | null): string | null {
  return choice?.kind === "hub" ? choice.name : choice?.kind === "link" ? choice.url : null;
}

function placeOf(text: string): { kind: "hub"; name: string } | { kind: "link"; url: string } | null {
  if (/^hf:\S+$/.test(text)) return { kind: "hub", name: text };
  return /^https?:\/\/\S+$/.test(text) ? { kind: "link", url: text } : null;
}

/**
 * The query of a state. What is as usual is left out; what does not fit into 500 characters is, from the end.
 *
 * @param state what is set
 * @param scene for names of axes; null: none
 * @param file of the sender's, where data come from one
 */
export function queryOf(state: Linked, scene: Scene | null, file: OwnFile | null): string {
  const { data, model, compare, settings, view } = state;
  const parts: [string, string][] = [];
  const add = (name: string, value: string | number | null, usual: string | number | null = null) => {
    if (value !== null && value !== usual) parts.push([name, String(value)]);
  };
  if (data?.kind === "example") add("data", data.name, "gray_scott");
  if (data?.kind === "link") add("data", data.url);
  if (data?.kind === "hub") add("data", data.name);
  if (data?.kind === "missing") addFile({ name: data.file, bytes: data.bytes, sha: data.sha });
  if (file) addFile(file);
  function addFile({ name, bytes, sha }: OwnFile) {
    add("file", name);
    add("bytes", bytes);
    add("sha", sha);
  }
  add("model", modelText(model));
  const usual = FIRST_SETTINGS;
  add("trajectory", settings.trajectory, usual.trajectory);
  add("start", settings.start, usual.start);
  add("steps", settings.steps, usual.steps);
  add("stride", settings.stride, usual.stride);
  add("seed", settings.seed, usual.seed);
  add("seeds", settings.seeds, usual.seeds);
  add("jitter", settings.jitter === null ? null : Number(settings.jitter));
  add("backend", settings.backend, usual.backend);
  add("grid", settings.grid, usual.grid);
  const taken = Object.entries(settings.boundaries).filter(([kind]) => KIND.test(kind));
  add("boundary", taken.map(([kind, boundary]) => `${kind}:${boundary}`).join(",") || null);
  add("compare", compare?.kind === "shipped" ? "shipped" : modelText(compare));
  add("field", view.quantity);
  add("map", view.map, FIRST_VIEW.map);
  add("low", view.low);
  add("high", view.high);
  const axis = view.plane && scene?.grid.axes[view.plane.axis]?.name;
  if (axis) add("plane", `${axis}:${view.plane!.index}`);
  // A forecast that plays is at another step every moment: what is kept is where it was put.
  if (!view.follow && !view.playing) add("step", view.step);
  let query = "";
  for (const [name, value] of parts) {
    const longer = `${query}${query ? "&" : "?"}${name}=${encoded(value)}`;
    if (longer.length <= LONGEST) query = longer;
  }
  return query;
}

/** Colons, slashes and commas may stand in a query: addresses stay readable. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/%(?:3A|2F|2C)/g, decodeURIComponent);
}

/** What a query says. */
export function readQuery(query: string): Linked {
  const given = new URLSearchParams(query);
  const text = (name: string) => given.get(name) || null;
  const number = (name: string) => {
    const value = Number(given.get(name) ?? NaN);
    return given.get(name) && Number.isFinite(value) ? value : null;
  };
  const whole = (name: string, least: number, most: number) => {
    const value = number(name);
    return value !== null && Number.isInteger(value) && value >= least && value <= most ? value : null;
  };
  const among = <T extends string>(name: string, all: readonly T[]) =>
    all.find((own) => own === given.get(name));
  const compare = text("compare");
  const plane = /^([^:]+):(\d{1,6})$/.exec(text("plane") ?? "");
  const step = whole("step", -10_000, 10_000);
  const jitter = text("jitter");
  return {
    data: dataOf(text("data"), text("file"), whole("bytes", 0, 2 ** 50), text("sha")),
    model: placeOf(text("model") ?? "") ?? { kind: "shipped" },
    compare: compare === "shipped" ? { kind: "shipped" } : placeOf(compare ?? ""),
    settings: {
      ...FIRST_SETTINGS,
      trajectory: whole("trajectory", 0, 1e6) ?? FIRST_SETTINGS.trajectory,
      start: whole("start", 0, 1e9) ?? FIRST_SETTINGS.start,
      steps: whole("steps", 1, 10_000) ?? FIRST_SETTINGS.steps,
      stride: whole("stride", 1, 1e6) ?? FIRST_SETTINGS.stride,
      seed: whole("seed", 0, 2 ** 31 - 1) ?? FIRST_SETTINGS.seed,
      seeds: whole("seeds", 1, 32) ?? FIRST_SETTINGS.seeds,
      jitter: jitter === "1" ? true : jitter === "0" ? false : null,
      backend: among("backend", BACKENDS) ?? FIRST_SETTINGS.backend,
      grid: among("grid", GRIDS) ?? FIRST_SETTINGS.grid,
      boundaries: boundariesOf(text("boundary") ?? ""),
    },
    view: {
      ...FIRST_VIEW,
      quantity: text("field"),
      map: among("map", MAPS) ?? FIRST_VIEW.map,
      low: number("low"),
      high: number("high"),
      // The axis's name becomes its number once the data are there.
      plane: plane ? { axis: axisNumber(plane[1]!), index: Number(plane[2]) } : null,
      ...(step === null ? {} : { step, follow: false }),
    },
  };
}

/** Usual names of axes in their usual order; others are the last. */
function axisNumber(name: string): number {
  const at = ["x", "y", "z"].indexOf(name);
  return at < 0 ? 2 : at;
}

/** `symmetry:wall,slip:open`. */
function boundariesOf(text: string): Boundaries {
  const taken = text.split(",").flatMap((part) => {
    const [kind = "", boundary] = part.split(":");
    const known = KINDS.find((own) => own === boundary);
    return known && KIND.test(kind) ? [[kind, known] as const] : [];
  });
  return Object.fromEntries(taken);
}

function dataOf(
  data: string | null,
  file: string | null,
  bytes: number | null,
  sha: string | null,
): DataChoice | null {
  if (file) return { kind: "missing", file, bytes: bytes ?? 0, sha: sha ?? "" };
  if (data === null) return null;
  const example = EXAMPLE_NAMES.find((name) => name === data);
  return example ? { kind: "example", name: example } : placeOf(data);
}
