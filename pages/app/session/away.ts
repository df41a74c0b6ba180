// Which frames of a scene stay in memory: the newest, and those about the step that is shown. Others are put away, and
// come back when they are wanted. Pure.

import { type AwayFrame, computedTracks, eachTrack, type FrameNumbers, type Scene } from "../scene.ts";

/** Steps before and after the one shown that stay. */
const BEFORE = 1, AHEAD = 3;

/** What is to be done next about the frames of a step. */
export interface Move {
  readonly kind: "put" | "bring";
  readonly step: number;
}

/** Frames of a step that are in memory, each once. */
export function framesOf(scene: Scene, step: number): FrameNumbers[] {
  const frames = computedTracks(scene).map(({ frames, first }) => frames[step - first] ?? null);
  return [...new Set(frames.filter((frame) => frame !== null))];
}

/** Numbers of frames of a step that are away, each once. */
export function awayKeys(scene: Scene, step: number): number[] {
  return [...new Set(computedTracks(scene).flatMap(({ away }) => away?.get(step)?.key ?? []))];
}

function bytesOf(frames: readonly FrameNumbers[]): number {
  return frames.flat().reduce((sum, numbers) => sum + (numbers?.byteLength ?? 0), 0);
}

/**
 * What is to be done next; null: nothing.
 *
 * @param shown step that is looked at
 * @param most bytes of computed frames that may be in memory
 */
export function nextMove(scene: Scene, shown: number, most: number): Move | null {
  const { computed } = scene;
  for (let step = Math.max(1, shown); step <= Math.min(shown + AHEAD, computed); step++) {
    if (awayKeys(scene, step).length > 0) return { kind: "bring", step };
  }
  let bytes = 0;
  let farthest: number | null = null;
  const distance = (step: number) => Math.abs(step - shown);
  for (let step = 1; step <= computed; step++) {
    const own = bytesOf(framesOf(scene, step));
    bytes += own;
    const stays = step === computed || (step >= shown - BEFORE && step <= shown + AHEAD);
    if (own > 0 && !stays && (farthest === null || distance(step) > distance(farthest))) farthest = step;
  }
  return bytes > most && farthest !== null ? { kind: "put", step: farthest } : null;
}

/** A scene without the numbers of a frame, wherever it stands at a step. */
export function withAway(scene: Scene, step: number, frame: FrameNumbers, away: AwayFrame): Scene {
  return eachTrack(scene, (track) => {
    const at = step - track.first;
    if (track.frames[at] !== frame) return track;
    return {
      ...track,
      frames: track.frames.with(at, null),
      away: new Map([...track.away ?? [], [step, away]]),
    };
  });
}

/** A scene with the numbers of a frame that was away. */
export function withReturned(scene: Scene, step: number, key: number, frame: FrameNumbers): Scene {
  return eachTrack(scene, (track) => {
    if (track.away?.get(step)?.key !== key) return track;
    return {
      ...track,
      frames: track.frames.with(step - track.first, frame),
      away: new Map([...track.away].filter(([own]) => own !== step)),
    };
  });
}
