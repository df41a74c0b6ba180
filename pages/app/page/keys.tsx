// The list of keys, in a dialog that the browser keeps the focus in.

import { useEffect, useRef } from "preact/hooks";
import { useSelect } from "../use_store.ts";
import type { App } from "./app.ts";

/** Keys of the viewer, as they are told. */
const KEYS: readonly (readonly [readonly string[], string])[] = [
  [["Space"], "play or pause"],
  [["←", "→"], "a step back, a step on"],
  [["Shift ←", "Shift →"], "ten steps"],
  [["Home", "End"], "first and last step"],
  [["[", "]"], "slower, faster"],
  [["F"], "next field"],
  [["P"], "next plane"],
  [["+", "−", "0"], "zoom in, out, whole"],
  [["?"], "this list"],
  [["Esc"], "close"],
];

/** See the head of the file. */
export function KeysDialog({ app }: { readonly app: App }) {
  const open = useSelect(app.store, (state) => state.keysOpen);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="keys-title"
      onClose={() => app.store.update({ keysOpen: false })}
    >
      <h2 id="keys-title">Keys</h2>
      <p class="faint">They act while the viewer has the focus.</p>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={what} style={{ display: "contents" }}>
            <dt>
              {keys.map((key, i) => (
                <span key={key}>
                  {i > 0 && " "}
                  <kbd>{key}</kbd>
                </span>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" class="primary" onClick={() => dialog.current?.close()}>Close</button>
    </dialog>
  );
}
