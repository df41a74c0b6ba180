// One file from a Hub into the cache: fetched where it stands, summed as it is written, and given its name only when
// its checksum is the one that the Hub lists. Processes that want the same file wait for each other.

import { DiskFullError, type Folder } from "../io/folder.ts";
import { quoted } from "../io/quote.ts";
import { blobPath, lockPath } from "./cache.ts";
import { followingChecksum, hashOfEtag } from "./checksum.ts";
import { HubError } from "./client.ts";
import { fileUrl, type HubFile } from "./listing.ts";
import { type HubName, hubNameText } from "./name.ts";
import type { HubOptions } from "./options.ts";
import { gaps, joined, openPartial, type Partial, partialSpans, total } from "./partial.ts";
import { fetchSpans } from "./spans.ts";

/** What an ETag says, without the marks around it. */
function plainEtag(header: string | null): string | null {
  return header?.replace(/^W\//, "").replace(/^"(.*)"$/, "$1") ?? null;
}

/** Refuses an answer of the Hub that is of another file than the list's. */
function inspector(commit: string, file: HubFile, what: string): (response: Response) => void {
  return ({ headers, status }) => {
    if (status >= 400) return;
    const etag = plainEtag(headers.get("x-linked-etag") ?? headers.get("etag"));
    const size = headers.get("x-linked-size");
    const at = headers.get("x-repo-commit");
    // Others' ETags, of mirrors for instance, say nothing of the contents.
    const wrong = etag !== null && hashOfEtag(etag) !== null && etag !== file.etag
      ? `its ETag is ${etag}, the list says ${file.etag}`
      : size !== null && Number(size) !== file.size
      ? `it has ${size} bytes, the list says ${file.size}`
      : at !== null && at !== commit
      ? `it is of commit ${at}, wanted ${commit}`
      : null;
    if (wrong) throw new HubError(`Cannot fetch ${what}: ${wrong}`, status);
  };
}

/** Refuses what would not fit, before anything is written. */
async function checkRoom(cache: Folder, missing: number, what: string): Promise<void> {
  const free = await cache.free();
  if (free === null || missing <= free) return;
  throw new DiskFullError(
    `Cannot fetch ${what}: ${missing} bytes are missing, "${cache.name}" has room for ${free}`,
  );
}

/** Where the first gap is. */
function unbroken(partial: Partial): number {
  const first = partial.spans()[0];
  return first && first[0] === 0 ? first[1] : 0;
}

/** Fetches what is missing and sums all. @returns the checksum */
async function complete(
  partial: Partial,
  url: string,
  file: HubFile,
  what: string,
  inspect: (response: Response) => void,
  options: HubOptions,
): Promise<string> {
  const { path, size } = file;
  const sum = await followingChecksum(partial.read, file.hash, size);
  const tell = () => options.onProgress?.({ path, done: total(partial.spans()), size });
  // Those waited for at the end; a failure before that is met there.
  const follow = () => void sum.advance(unbroken(partial)).catch(() => {});
  tell();
  follow();
  const missing = gaps(partial.spans(), size);
  const write = async (offset: number, bytes: Uint8Array) => {
    await partial.write(offset, bytes);
    follow();
    tell();
  };
  if (missing.length > 0) await fetchSpans(missing, { url, what, size, write, inspect, options });
  await sum.advance(unbroken(partial));
  return sum.digest();
}

/**
 * Fetches a file into the cache, unless it is there.
 *
 * @param cache where files are kept
 * @param name its repository
 * @param commit at which
 * @param file as listed
 * @throws HubError for what is not served or has another checksum; DiskFullError; the signal's reason. What came so far
 *   stays, except bytes that are wrong
 */
export async function downloadBlob(
  cache: Folder,
  name: HubName,
  commit: string,
  file: HubFile,
  options: HubOptions,
): Promise<void> {
  const blob = blobPath(name, file.etag);
  if (await cache.info(blob)) return;
  const what = `${quoted(file.path)} of ${quoted(hubNameText({ ...name, path: "" }))}`;
  const release = await cache.lock(lockPath(name, file.etag), options.signal);
  try {
    if (await cache.info(blob)) return;
    for (let again = false;; again = true) {
      const earlier = total(await partialSpans(cache, blob, file.size));
      await checkRoom(cache, file.size - earlier, what);
      const partial = await openPartial(cache, blob, file.size);
      let found;
      try {
        const url = fileUrl(name, commit, file.path, options);
        found = await complete(partial, url, file, what, inspector(commit, file, what), options);
      } catch (error) {
        await partial.close();
        throw error;
      }
      if (found === file.etag) {
        return await partial.finish(blob).catch(async (error) => {
          // Where locks are weak another process may have been faster.
          if (!await cache.info(blob)) throw error;
        });
      }
      await partial.drop();
      const words = `${what}: its checksum is ${found}, the Hub lists ${file.etag}`;
      // Bytes that came earlier may be those of a machine that lost its power.
      if (earlier === 0 || again) throw new HubError(`Cannot keep ${words}; the bytes were removed`, null);
      options.onNote?.(`${words}; it is fetched once more from its start`);
    }
  } finally {
    await release();
  }
}

/** Bytes of a file that are still to be fetched. */
export async function missingBytes(cache: Folder, name: HubName, file: HubFile): Promise<number> {
  const blob = blobPath(name, file.etag);
  if (await cache.info(blob)) return 0;
  return file.size - total(joined(await partialSpans(cache, blob, file.size)));
}
