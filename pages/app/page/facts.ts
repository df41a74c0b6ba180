// What the build says of itself in the page's head, and where its files are.

/** What the build says. */
export interface Facts {
  /** Version of the library. */
  readonly release: string;
  /** Bytes of shipped files by path. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** The page's own. */
export function readFacts(): Facts {
  const text = document.querySelector('meta[name="app-facts"]')?.getAttribute("content") ?? "{}";
  const { release = "", sizes = {} } = JSON.parse(text) as Partial<Facts>;
  return { release, sizes };
}

/** Address of a file of the app. */
export function ownFile(path: string): URL {
  return new URL(path, document.baseURI);
}
