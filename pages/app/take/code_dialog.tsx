// The code that computes a forecast, to be copied.

import { useState } from "preact/hooks";

/** A dialog; `dialog` is opened by whoever has it. */
export function CodeDialog(
  { dialog, code }: { dialog: { current: HTMLDialogElement | null }; code: string },
) {
  const [said, setSaid] = useState("");
  const copy = () =>
    navigator.clipboard.writeText(code).then(
      () => setSaid("Copied."),
      () => setSaid("Mark the text to copy it."),
    );
  return (
    <dialog
      ref={dialog}
      class="code-dialog"
      aria-labelledby="code-title"
      onClose={() => setSaid("")}
      // A press beside the card closes it.
      onClick={({ target }) => target === dialog.current && dialog.current!.close()}
    >
      <div class="code-card">
        <h2 id="code-title">This forecast in code</h2>
        <p class="hint">TypeScript for Deno, Node and browsers.</p>
        <pre tabIndex={0}><code>{code}</code></pre>
        <div class="take-row">
          <button type="button" class="primary" onClick={copy}>Copy</button>
          <button type="button" onClick={() => dialog.current!.close()}>Close</button>
          <span role="status">{said}</span>
        </div>
      </div>
    </dialog>
  );
}
