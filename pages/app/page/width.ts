// How wide the screen is, in the three kinds that the page has.

import { useEffect, useState } from "preact/hooks";

/** Two columns; one with summaries; one panel at a time. */
export type Width = "wide" | "middle" | "narrow";

const WIDE = "(min-width: 1100px)";
const NARROW = "(max-width: 639px)";

/** Now. */
export function widthNow(): Width {
  return matchMedia(WIDE).matches ? "wide" : matchMedia(NARROW).matches ? "narrow" : "middle";
}

/** Follows the screen. */
export function useWidth(): Width {
  const [width, set] = useState(widthNow);
  useEffect(() => {
    const change = () => set(widthNow());
    const queries = [WIDE, NARROW].map((query) => matchMedia(query));
    for (const query of queries) query.addEventListener("change", change);
    return () => queries.forEach((query) => query.removeEventListener("change", change));
  }, []);
  return width;
}
