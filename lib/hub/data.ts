// Data on a Hub as files by name. A set that is small is fetched, checked and kept; of a large one the files are read
// by ranges where they lie, as much as is needed of them, and nothing is kept.

import { borrowedSource, type ByteSource } from "../io/byte_source.ts";
import { httpSource } from "../io/http.ts";
import { openSource } from "../io/source.ts";
import { quoted } from "../io/quote.ts";
import { snapshotPath } from "./cache.ts";
import { request } from "./client.ts";
import { keep, type Listing, listRepository } from "./fetch_files.ts";
import { fileUrl } from "./listing.ts";
import { type HubName, hubNameText, parseHubName } from "./name.ts";
import { endpointOf, type HubOptions } from "./options.ts";

/** Bytes from which a set is read by ranges. */
const LARGEST = 2 ** 30;
/** Milliseconds for which a redirect of the Hub is used again: far shorter than such addresses live. */
const REDIRECT_LIFE = 60_000;

/** Files that no reader of data wants; metadata of Zarr are hidden files as well. */
const OTHER =
  /(?:^|\/)\.(?!z(?:array|group|attrs|metadata)$)|(?:^|\/)LICENSE|\.(?:md|png|gif|jpe?g|svg|mp4|py|ipynb|pdf)$/i;

/** Files by name; each call opens one, and who calls closes it. */
export interface HubData {
  readonly name: string;
  readonly files: ReadonlyMap<string, () => Promise<ByteSource>>;
  /** Whether a folder was named, or a whole repository. */
  readonly folder: boolean;
}

/** Requests by which a file of the Hub is read by ranges: where it redirects to is asked again now and then. */
function rangedFetch(what: string, options: HubOptions): typeof fetch {
  const home = new URL(endpointOf(options)).origin;
  let known: { readonly url: string; readonly until: number } | null = null;
  return async (input, init = {}) => {
    if (known && performance.now() < known.until) {
      const response = await (options.fetch ?? fetch)(known.url, init).catch(() => null);
      if (response?.ok) return response;
      await response?.body?.cancel();
    }
    known = null;
    const response = await request(String(input), init, what, options);
    if (response.url !== "" && new URL(response.url).origin !== home) {
      known = { url: response.url, until: performance.now() + REDIRECT_LIFE };
    }
    return response;
  };
}

/** Opens a file where it lies; once, however often it is opened. */
function rangedOpener(name: HubName, { commit }: Listing, path: string, options: HubOptions) {
  let opened: Promise<ByteSource> | null = null;
  return async (): Promise<ByteSource> => {
    const what = `${quoted(path)} of ${quoted(hubNameText({ ...name, path: "" }))}`;
    const { signal } = options;
    opened ??= httpSource(fileUrl(name, commit, path, options), {
      fetch: rangedFetch(what, options),
      ...(signal ? { signal } : {}),
    });
    opened.catch(() => opened = null);
    return borrowedSource(await opened);
  };
}

/**
 * Opens data of a Hub.
 *
 * @param text `hf:datasets/org/name`, with `@revision` and the path of a file or folder where needed
 * @param options of the Hub; `largest` says from which size on nothing is kept
 * @throws HubError for what is not there or may not be read; DiskFullError; RangeError for a name without data
 */
export async function openHubData(text: string, options: HubOptions = {}): Promise<HubData> {
  const name = parseHubName(text);
  const listing = await listRepository(name, options);
  const { cache, commit } = listing;
  const { path } = name;
  const single = listing.files.find((file) => file.path === path);
  const within = path === "" ? "" : `${path}/`;
  const wanted = single
    ? [single]
    : listing.files.filter((file) => file.path.startsWith(within) && !OTHER.test(file.path));
  if (wanted.length === 0) throw new RangeError(`${quoted(text)} holds no data`);
  const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
  const isSmall = bytes < (options.largest ?? LARGEST);
  if (isSmall) await keep(listing, name, wanted.map((file) => file.path), options);
  const files = new Map<string, () => Promise<ByteSource>>();
  for (const file of wanted.toSorted((a, b) => a.path < b.path ? -1 : 1)) {
    const kept = snapshotPath(name, commit, file.path);
    const isKept = isSmall || await cache.info(kept) !== null;
    const open = isKept
      ? async () => await openSource(await cache.input(kept))
      : rangedOpener(name, listing, file.path, options);
    files.set(
      single ? file.path.slice(file.path.lastIndexOf("/") + 1) : file.path.slice(within.length),
      open,
    );
  }
  return { name: hubNameText(name), files, folder: !single };
}
