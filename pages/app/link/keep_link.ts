// Keeps the address in step with the app, a moment after each change; the address to copy, with words for the receiver.

import type { AppState, AppStore } from "../app_state.ts";
import { type OwnFile, queryOf } from "./query.ts";

/** Milliseconds from a change to the address. */
const DELAY = 300;

/** Parts of the state that a link keeps. */
const KEPT = ["dataChoice", "modelChoice", "compareChoice", "settings", "view"] as const;

/** Checksums of files that were asked for. */
const known = new WeakMap<File, Promise<OwnFile>>();

/** A file in a link. Its first megabytes say which one it is. */
function ownFile(file: File): Promise<OwnFile> {
  const found = known.get(file);
  if (found) return found;
  const made = (async () => {
    const part = await file.slice(0, 1 << 22).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", part));
    const sha = Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return { name: file.name, bytes: file.size, sha };
  })();
  known.set(file, made);
  return made;
}

async function queryOfState(state: AppState): Promise<string> {
  const { dataChoice: data, modelChoice: model, compareChoice: compare, settings, view, scene } = state;
  const file = data?.kind === "files" && data.files[0] ? await ownFile(data.files[0]) : null;
  return queryOf({ data, model, compare, settings, view }, scene, file);
}

/** The address that opens what is shown. */
export async function linkOf(store: AppStore): Promise<string> {
  const url = new URL(location.href);
  url.search = await queryOfState(store.get());
  url.hash = "";
  return url.href;
}

/** Keeps the address in step; gives what ends it. */
export function keepLink(store: AppStore): () => void {
  let timer = 0;
  let last = store.get();
  const write = async () => {
    const query = await queryOfState(store.get());
    if (query !== location.search) history.replaceState(null, "", `${location.pathname}${query}`);
  };
  return store.subscribe((state) => {
    const changed = KEPT.some((key) => state[key] !== last[key]);
    last = state;
    // While it plays nothing of it is kept but what is set.
    if (!changed || state.view.playing) return;
    clearTimeout(timer);
    timer = setTimeout(() => void write(), DELAY);
  });
}
