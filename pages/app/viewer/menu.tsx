// A button that opens a small card: closed by Esc, by a press elsewhere, and by focus that leaves it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** A menu. */
export function Menu({ label, children }: { label: string; children: ComponentChildren }) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const outside = ({ target }: Event) => {
      // Gone before its listeners are: effects end later than elements.
      const element = details.current;
      if (element?.open && !element.contains(target as Node)) element.open = false;
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, []);
  return (
    <details
      class="menu"
      ref={details}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !details.current!.open) return;
        event.stopPropagation();
        details.current!.open = false;
        details.current!.querySelector("summary")!.focus();
      }}
    >
      <summary>{label}</summary>
      <div class="menu-card">{children}</div>
    </details>
  );
}
