// Files that were dropped or chosen, sorted: data, the parts of a network, or what is neither. Pure.

/** What some files are. */
export interface SortedFiles {
  readonly data: readonly File[];
  /** A checkpoint and what lies beside it. */
  readonly network: readonly File[];
  /** What is wrong; empty where nothing is. */
  readonly problem: string;
}

/** Files that describe data though they are written as configurations are. */
const DATA_TEXTS = ["arrays.yaml", "stats.yaml"];
const DATA = /\.(?:hdf5|h5|nc\d?|cdf|npy|npz|zip)$/i;
/** What tells a folder that is a store of Zarr: whatever lies in it belongs to it. */
const STORE = /^(?:zarr\.json|\.z(?:group|array|metadata))$/;
const WEIGHTS = /\.(?:safetensors|pt|pth)$/i;
const TEXTS = /\.(?:ya?ml|json)$/i;

/** Sorts files by their names. */
export function sortFiles(files: readonly File[]): SortedFiles {
  if (files.some(({ name }) => STORE.test(name))) return { data: files, network: [], problem: "" };
  const data = files.filter(({ name }) => DATA_TEXTS.includes(name) || DATA.test(name));
  const weights = files.filter(({ name }) => WEIGHTS.test(name));
  const texts = files.filter((file) => TEXTS.test(file.name) && !data.includes(file));
  const other = files.find((file) => ![...data, ...weights, ...texts].includes(file));
  const network = weights.length > 0 ? [...weights, ...texts] : [];
  const problem = files.length === 0
    ? "Nothing was dropped that can be opened."
    : other
    ? `${other.name} is no simulation. Wanted: HDF5 (.hdf5, .h5), netCDF (.nc), a folder of Zarr, or npz with its arrays.yaml.`
    : weights.length > 0 && texts.length === 0
    ? `${weights[0]!.name} needs the configuration that lies beside it. Drop both at once.`
    : weights.length === 0 && texts.length > 0 && data.length === 0
    ? `${texts[0]!.name} needs its checkpoint. Drop both at once.`
    : "";
  return { data, network, problem };
}
