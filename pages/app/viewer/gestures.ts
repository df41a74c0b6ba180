// Pointer, wheel and fingers over a picture: probing, zooming, and moving what a zoom shows. One finger scrolls the page.

/** A place in a picture: shares to the right and down. */
export type Place = readonly [number, number];

/** What gestures do. */
export interface Gestures {
  /** The point under the pointer; `pressed`: with its button, or by a tap. */
  probe(place: Place, pressed: boolean): void;
  /** Zooms by a factor about a place. */
  zoom(factor: number, about: Place): void;
  /** Moves what is seen by shares of the picture. */
  pan(right: number, down: number): void;
  /** Whether there is anything to move. */
  zoomed(): boolean;
}

function placeIn(element: Element, { clientX, clientY }: { clientX: number; clientY: number }): Place {
  const { left, top, width, height } = element.getBoundingClientRect();
  const share = (value: number) => Math.max(0, Math.min(0.999999, value));
  return [share((clientX - left) / width), share((clientY - top) / height)];
}

/** Two fingers: where their middle is, and how far they are apart. */
function spanOf(element: Element, touches: TouchList): { middle: Place; distance: number } {
  const [a, b] = [touches[0]!, touches[1]!];
  const middle = { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 };
  return {
    middle: placeIn(element, middle),
    distance: Math.max(1, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)),
  };
}

/**
 * Listens to gestures over a picture.
 *
 * @returns ends listening
 */
export function listenToGestures(element: HTMLElement, gestures: Gestures): () => void {
  const off = new AbortController();
  const { signal } = off;
  let drag: Place | null = null;
  element.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button !== 0 || !gestures.zoomed()) return;
    drag = placeIn(element, event);
    element.setPointerCapture(event.pointerId);
  }, { signal });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const place = placeIn(element, event);
    if (!drag) return gestures.probe(place, (event.buttons & 1) !== 0);
    gestures.pan(place[0] - drag[0], place[1] - drag[1]);
    drag = place;
  }, { signal });
  const drop = () => void (drag = null);
  element.addEventListener("pointerup", drop, { signal });
  element.addEventListener("pointercancel", drop, { signal });
  element.addEventListener("click", (event) => gestures.probe(placeIn(element, event), true), { signal });
  element.addEventListener("wheel", (event) => {
    // A trackpad's pinch comes as this, too.
    if (!event.ctrlKey) return;
    event.preventDefault();
    gestures.zoom(2 ** (-event.deltaY / 200), placeIn(element, event));
  }, { signal, passive: false });
  let fingers: ReturnType<typeof spanOf> | null = null;
  element.addEventListener("touchstart", ({ touches }) => {
    fingers = touches.length === 2 ? spanOf(element, touches) : null;
  }, { signal, passive: true });
  element.addEventListener("touchmove", (event) => {
    if (!fingers || event.touches.length !== 2) return;
    event.preventDefault();
    const now = spanOf(element, event.touches);
    gestures.zoom(now.distance / fingers.distance, now.middle);
    gestures.pan(now.middle[0] - fingers.middle[0], now.middle[1] - fingers.middle[1]);
    fingers = now;
  }, { signal, passive: false });
  element.addEventListener("touchend", () => void (fingers = null), { signal });
  return () => off.abort();
}
