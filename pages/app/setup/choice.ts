// What is asked for: data, networks, settings. Plain data: a link keeps it, but for files.

import type { GridTreatment, WeightStorage } from "walrus";
import type { Boundaries } from "./boundaries.ts";

/** Data that ship with the app. */
export type ExampleName = "gray_scott" | "euler";

/** Where data come from. */
export type DataChoice =
  | { readonly kind: "example"; readonly name: ExampleName }
  | { readonly kind: "files"; readonly files: readonly File[] }
  | { readonly kind: "link"; readonly url: string }
  | { readonly kind: "hub"; readonly name: string }
  /** A link that someone sent speaks of a file of theirs. */
  | { readonly kind: "missing"; readonly file: string; readonly bytes: number; readonly sha: string };

/** Where a network comes from. */
export type ModelChoice =
  | { readonly kind: "shipped" }
  | { readonly kind: "files"; readonly files: readonly File[] }
  | { readonly kind: "link"; readonly url: string }
  | { readonly kind: "hub"; readonly name: string }
  | { readonly kind: "finetuned"; readonly id: number };

/** Where it is computed. */
export type Backend = "auto" | "wasm" | "webgpu";

/** How a forecast is made. */
export interface Settings {
  readonly trajectory: number;
  /** First input frame. */
  readonly start: number;
  readonly steps: number;
  readonly stride: number;
  readonly seed: number;
  /** Forecasts of seeds from `seed` on. */
  readonly seeds: number;
  /** Random draws; null: as the network has it. */
  readonly jitter: boolean | null;
  readonly backend: Backend;
  readonly weights: WeightStorage;
  readonly grid: GridTreatment;
  /** Field of the data = name in the network's table. */
  readonly map: Readonly<Record<string, string>>;
  /** Fields of the data that the network is not given. */
  readonly leftOut: readonly string[];
  /** Kinds of boundary that are not known, and what they are taken for. */
  readonly boundaries: Boundaries;
}

/** Settings that belong to the data: other data begin with those of a first visit. */
export type DataSettings = Pick<
  Settings,
  "trajectory" | "start" | "stride" | "map" | "leftOut" | "boundaries"
>;

/** Those of the settings. */
export function dataSettings(
  { trajectory, start, stride, map, leftOut, boundaries }: DataSettings,
): DataSettings {
  return { trajectory, start, stride, map, leftOut, boundaries };
}

/** What is asked of a first visit. */
export const FIRST_SETTINGS: Settings = {
  trajectory: 0,
  start: 0,
  steps: 20,
  stride: 1,
  seed: 0,
  seeds: 1,
  jitter: null,
  backend: "auto",
  weights: "stored",
  grid: "auto",
  map: {},
  leftOut: [],
  boundaries: {},
};

/** Weights of the shipped network, among the files of the app. */
export const WEIGHTS = "model/walrus.safetensors";

/** Names of shipped data as people read them. */
export const EXAMPLES: Readonly<Record<ExampleName, string>> = { gray_scott: "Gray-Scott", euler: "Euler" };

/** Hugging Face's names begin so. */
export function isHubText(text: string): boolean {
  return text.startsWith("hf:");
}

/** A choice in a few words. */
export function dataName(choice: DataChoice): string {
  if (choice.kind === "example") return EXAMPLES[choice.name];
  if (choice.kind === "files") {
    const [first] = choice.files;
    return choice.files.length > 1 ? `${first!.name} and ${choice.files.length - 1} more` : first?.name ?? "";
  }
  if (choice.kind === "link") return fileOf(choice.url);
  return choice.kind === "hub" ? choice.name : choice.file;
}

/** Last part of an address. */
export function fileOf(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname.split("/").filter(Boolean).at(-1) ?? new URL(url).host);
  } catch {
    return url;
  }
}

/** Whether two choices mean the same network. */
export function sameModel(a: ModelChoice, b: ModelChoice): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b) && a.kind !== "files";
}

const WEIGHT_FILE = /\.(?:safetensors|pt|pth)$/i;

/** The weights among the files of a network. */
export function weightsOf<T extends { readonly name: string }>(files: readonly T[]): T | undefined {
  return files.find(({ name }) => WEIGHT_FILE.test(name));
}

/** What a network is called. */
export function modelName(choice: ModelChoice): string {
  switch (choice.kind) {
    case "shipped":
      return "Walrus small";
    case "files":
      return weightsOf(choice.files)?.name ?? choice.files[0]?.name ?? "";
    case "link":
      return fileOf(choice.url);
    case "hub":
      return choice.name;
    case "finetuned":
      return `Finetuned ${choice.id}`;
  }
}
