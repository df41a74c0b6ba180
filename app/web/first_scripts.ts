// Scripts that the first forecast needs, found by following imports: named in the page, they are all fetched at once
// instead of each when the one before it has been read.

/** Names of scripts before the bundler's digest, in the order in which they are needed. */
const FIRST = [
  "work",
  "library",
  "worker_handle",
  "remote_data",
  "library_worker",
  "arrays",
  "viewer",
  "charts",
  "take_away",
  "remote_model",
  "family",
  "session/measure_worker",
];

/** What a script imports before it runs. */
function importsOf(text: string): string[] {
  const names = text.matchAll(/(?:from|import)\s*"(\.{1,2}\/[^"]+\.js)"/g);
  return [...names].map(([, path]) => path!);
}

/**
 * Paths of scripts, those that they import behind them; without what the page's own script imports.
 *
 * @param scripts texts by path
 * @param page path of the page's script
 */
export function firstScripts(scripts: ReadonlyMap<string, string>, page: string): string[] {
  const found = new Set<string>();
  const follow = (path: string, into: Set<string>) => {
    const text = scripts.get(path);
    if (text === undefined || into.has(path)) return;
    into.add(path);
    for (const own of importsOf(text)) {
      follow(new URL(own, `http://page/${path}`).pathname.slice(1), into);
    }
  };
  const own = new Set<string>();
  follow(page, own);
  for (const name of FIRST) {
    const path = [...scripts.keys()].find((key) => key.replace(/(?:-[A-Z0-9]{8})?\.js$/, "") === name);
    if (path === undefined) throw new RangeError(`There is no script ${name}`);
    follow(path, found);
  }
  return [...found].filter((path) => !own.has(path));
}
