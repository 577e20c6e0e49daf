/**
 * The open thread as signals, one a turn: a token renders one turn, not the list. Changes are shown at
 * most once a frame, however fast the model writes.
 */

import type { ReadonlySignal, Signal } from "@preact/signals";
import { batch, signal } from "@preact/signals";

import type { Thread, Turn } from "./thread.ts";

export type TurnCell = { id: string; turn: ReadonlySignal<Turn> };

export interface ThreadView {
  /** Changes when turns come or go, not when one goes on. */
  readonly cells: ReadonlySignal<readonly TurnCell[]>;
  /** Shows this thread with the next frame. */
  show(thread: Thread | null): void;
}

/** `frame` runs a callback once, before the next picture. */
export function createThreadView(frame: (run: () => void) => void): ThreadView {
  const cells = signal<readonly (TurnCell & { turn: Signal<Turn> })[]>([]);
  let next: Thread | null = null;
  let isAsked = false;

  const publish = () => {
    isAsked = false;
    const turns = next?.turns ?? [];
    batch(() => {
      const old = new Map(cells.peek().map((cell) => [cell.id, cell]));
      const now = turns.map((turn) => {
        const cell = old.get(turn.id) ?? { id: turn.id, turn: signal(turn) };
        cell.turn.value = turn;
        return cell;
      });
      const isSame = now.length === old.size && now.every((cell) => old.has(cell.id));
      if (!isSame) cells.value = now;
    });
  };

  return {
    cells,
    show(thread) {
      next = thread;
      if (isAsked) return;
      isAsked = true;
      frame(publish);
    },
  };
}

/** A hidden page gets no animation frames; it catches up four times a second, for its title and screen readers. */
export function onNextFrame(run: () => void): void {
  if (document.hidden) setTimeout(run, 250);
  else requestAnimationFrame(run);
}
