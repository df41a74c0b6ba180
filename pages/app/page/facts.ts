// What the build says of itself in the page's head, and where its files are.

/** What the build says. */
export interface Facts {
  /** Version of the library. */
  readonly release: string;
  /** Bytes of shipped files by path. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Scripts that a first forecast needs. */
  readonly first: readonly string[];
}

/** The page's own. */
export function readFacts(): Facts {
  const text = document.querySelector('meta[name="app-facts"]')?.getAttribute("content") ?? "{}";
  const { release = "", sizes = {}, first = [] } = JSON.parse(text) as Partial<Facts>;
  return { release, sizes, first };
}

/** Asks for scripts before they are imported: found one behind the other, each would cost a way to the server. */
export function preload(paths: readonly string[]): void {
  for (const path of paths) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = ownFile(path).href;
    document.head.append(link);
  }
}

/** Address of a file of the app. */
export function ownFile(path: string): URL {
  return new URL(path, document.baseURI);
}
