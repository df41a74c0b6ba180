// What a finetuning shows: the loss of every step, speed, scores before and after, the network's files.

import { useEffect, useRef, useState } from "preact/hooks";
import { chart, smoothed } from "../../../app/train/chart.ts";
import type { App } from "../page/app.ts";
import { useSelect } from "../use_store.ts";
import { count, duration, timeLeft } from "../words.ts";
import { type FinetuneState, scoreSentence } from "./finetune_state.ts";

/** Steps of the curve's running mean. */
const SMOOTHED = 8;

/** See the head of the file. */
export function FinetuneView({ app }: { readonly app: App }) {
  const state = useSelect(app.store, ({ finetune }) => finetune);
  const { kind, facts, losses, result, settings } = state;
  return (
    <section class="card stack finetune" aria-labelledby="finetune-title">
      <h2 id="finetune-title">{titleOf(state)}</h2>
      {kind === "idle" && losses.length === 0 && (
        <p class="prose">
          The network learns from the data in the set-up, in this tab. Frames at the end are kept apart where
          there are enough, so that its score is on what it has not seen. The result joins the list of models
          and can forecast at once. Nothing leaves this device.
        </p>
      )}
      {(losses.length > 0 || facts) && <Tiles state={state} />}
      {losses.length > 0 && <Curve losses={losses} steps={settings.steps} />}
      {facts && <p class="faint small">{facts.data}. Network: {facts.model}. Computes on {facts.device}.</p>}
      {result && facts && <Result app={app} state={state} />}
    </section>
  );
}

function titleOf({ kind, result, settings, seconds, phase }: FinetuneState): string {
  if (result) {
    const stopped = result.steps < settings.steps ? "Stopped after" : "Finetuned:";
    return `${stopped} ${count(result.steps, "step")} in ${duration(seconds)}`;
  }
  return kind === "idle" ? "Finetune on your data" : phase || "Finetuning";
}

function Tiles({ state: { losses, seconds, settings, kind } }: { readonly state: FinetuneState }) {
  const step = losses.length;
  const perStep = step > 0 ? seconds / step : null;
  const left = perStep === null || kind === "done" ? "–" : timeLeft((settings.steps - step) * perStep);
  const tiles = [
    ["Step", `${step} of ${settings.steps}`],
    ["Loss (no unit)", step > 0 ? losses.at(-1)!.toPrecision(3) : "–"],
    ["A step", perStep === null ? "–" : duration(perStep)],
    ["Time left", left],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Curve({ losses, steps }: { readonly losses: readonly number[]; readonly steps: number }) {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  const points = losses.map((loss, i) => [i + 1, loss] as const);
  const title = `Training loss, log axis, no unit: ${losses.at(-1)!.toPrecision(3)} at step ${losses.length}`;
  const svg = width > 0
    ? chart(smoothed({ name: "loss", points }, SMOOTHED), {
      title,
      width: Math.max(240, width),
      height: 300,
      steps: [1, steps],
    })
    : "";
  return (
    <figure>
      <div ref={place} class="curve" dangerouslySetInnerHTML={{ __html: svg }} />
      <figcaption class="faint small">
        Training loss, no unit, log axis: every step, and the mean of {SMOOTHED}
      </figcaption>
    </figure>
  );
}

function Result({ app, state: { facts, result } }: { readonly app: App; readonly state: FinetuneState }) {
  const links = useRef(new Map<Blob, string>());
  const linkOf = (content: Blob) => {
    const known = links.current.get(content) ?? URL.createObjectURL(content);
    links.current.set(content, known);
    return known;
  };
  const use = (compare: boolean) => {
    const choice = { kind: "finetuned", id: result!.id } as const;
    const { modelChoice } = app.store.get();
    if (compare) app.compareWith(modelChoice);
    app.chooseModel(choice);
    app.store.update({ mode: "forecast" });
  };
  return (
    <div class="stack">
      <p class="score">{scoreSentence(facts!, result!.after)}</p>
      <div class="row">
        <button type="button" class="primary" onClick={() => use(false)}>Forecast with it</button>
        <button type="button" onClick={() => use(true)}>Compare with the old one</button>
      </div>
      <div class="row">
        <span class="faint">Download</span>
        {result!.files.map(({ name, content }) => (
          <a key={name} class="button" href={linkOf(content)} download={name}>{name}</a>
        ))}
      </div>
    </div>
  );
}
