// How commands reach a Hub: the variables that Python's huggingface_hub reads, progress on standard error. The
// environment is read only when a name on a Hub was given.

import type { Statistics } from "walrus";
import { readStatistics } from "walrus/data";
import { fetchFile, type FetchProgress, type HubOptions, isHubName } from "walrus/hub";
import { isOnHub } from "walrus/models";
import type { Context } from "./cli.ts";
import { bytes } from "./words.ts";

/** Whether a variable says yes, as Python's package reads it. */
function isSet(value: string | undefined): boolean {
  return /^(?:1|on|yes|true)$/i.test(value ?? "");
}

/** Where files are kept: as the variables say, by default in the user's home. */
function cacheFolder(get: (name: string) => string | undefined): string | undefined {
  const user = get("HOME") ?? get("USERPROFILE");
  const expanded = (path: string) => user ? path.replace(/^~(?=\/|$)/, user) : path;
  const cache = get("HF_HUB_CACHE");
  if (cache) return expanded(cache);
  const home = get("HF_HOME");
  if (home) return `${expanded(home)}/hub`;
  const caches = get("XDG_CACHE_HOME") || (user && `${user}/.cache`);
  return caches ? `${caches}/huggingface/hub` : undefined;
}

/** Says how far files are, when a tenth of one or some seconds have passed. */
function teller(warn: Context["warn"]): (progress: FetchProgress) => void {
  let [file, tenth, at] = ["", 0, 0];
  return ({ path, done, size: all }) => {
    if (path !== file) [file, tenth, at] = [path, Math.floor(10 * done / all), performance.now()];
    const now = Math.floor(10 * done / all);
    const passed = performance.now() - at;
    if (done < all && passed < 500 || now === tenth && passed < 10_000) return;
    warn(`${path}: ${bytes(done)} of ${bytes(all)}`);
    [tenth, at] = [now, performance.now()];
  };
}

/**
 * How a Hub is reached, as the environment says.
 *
 * @param context around the command
 */
export function hubOptions(context: Context): HubOptions {
  const get = context.environment ?? ((name: string) => Deno.env.get(name));
  const [cache, token, endpoint] = [cacheFolder(get), get("HF_TOKEN"), get("HF_ENDPOINT")];
  return {
    ...(cache ? { cache } : {}),
    ...(token ? { token } : {}),
    ...(endpoint ? { endpoint } : {}),
    offline: isSet(get("HF_HUB_OFFLINE")),
    signal: context.signal,
    onNote: (text) => context.warn(`warning: ${text}`),
    onProgress: teller(context.warn),
    admit: ({ name, files, bytes: count }) => {
      const what = files.length === 1 ? files[0]!.path : `${files.length} files`;
      context.warn(`fetches ${bytes(count)} of ${name} (${what})`);
    },
  };
}

/** The options as an argument of the library, where one of some places is a name on a Hub. */
export function hubFor(
  context: Context,
  ...places: readonly (string | null | undefined)[]
): { readonly hub?: HubOptions } {
  for (const place of places) {
    if (place && (isHubName(place) || isOnHub(place))) return { hub: hubOptions(context) };
  }
  return {};
}

/** Statistics of a file: path, URL or name on a Hub. */
export async function statisticsAt(
  place: string,
  { hub }: { readonly hub?: HubOptions },
): Promise<Statistics> {
  return await readStatistics(isHubName(place) ? await fetchFile(place, hub) : place);
}
