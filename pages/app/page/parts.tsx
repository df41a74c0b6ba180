// Viewer, charts and take-away, as the page places them.

import type { PartProps, TakeProps } from "../state.ts";

export { Viewer } from "../viewer/viewer.tsx";

export function Charts(_: PartProps) {
  return <section class="card" aria-label="Charts">charts</section>;
}
export function TakeAway(_: TakeProps) {
  return <section class="card" aria-label="Take away">take away</section>;
}
