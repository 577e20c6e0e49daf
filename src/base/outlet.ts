/**
 * A byte stream to a reader who may be slow: the body of a streamed HTTP answer. Writers ask for room
 * before they make more, so that a reader who stops reading costs a full buffer and no more.
 */
export interface Outlet {
  readonly stream: ReadableStream<Uint8Array>;
  /** Whether the reader keeps up. Something may be sent without room; it waits in memory then. */
  hasRoom(): boolean;
  /** Undefined while there is room; else resolves once there is again, or the stream is over. */
  room(): Promise<void> | undefined;
  /** How long there has been no room, in ms; 0 while there is. */
  stalledMs(): number;
  /** Does nothing once it is over. */
  send(text: string): void;
  /** Ends the stream after what was sent. May be called twice. */
  close(): void;
}

export type OutletOptions = {
  /** A clock that never jumps, in ms. */
  elapsedMs: () => number;
  /** Called when there is room again. */
  onRoom?: () => void;
  /** Called once when the reader went away; not after `close`. */
  onGone?: () => void;
};

/** Bytes made ahead of the reader: about one full socket buffer. */
const AHEAD_BYTES = 64 * 1024;

const encoder = new TextEncoder();

export function createOutlet({ elapsedMs, onRoom, onGone }: OutletOptions): Outlet {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let fullSinceMs: number | undefined;
  let over = false;
  let waiting: (() => void)[] = [];
  const wake = () => {
    const resumed = waiting;
    waiting = [];
    for (const resume of resumed) resume();
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (own) => {
        controller = own;
      },
      pull: () => {
        // Asked for more after every piece; only after a jam is that news.
        if (fullSinceMs === undefined) return;
        fullSinceMs = undefined;
        wake();
        onRoom?.();
      },
      cancel: () => {
        if (over) return;
        over = true;
        wake();
        onGone?.();
      },
    },
    { highWaterMark: AHEAD_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  const hasRoom = () => !over && (controller?.desiredSize ?? 0) > 0;
  return {
    stream,
    hasRoom,
    room: () =>
      over || hasRoom() ? undefined : new Promise((resolve) => void waiting.push(resolve)),
    stalledMs: () => (fullSinceMs === undefined ? 0 : elapsedMs() - fullSinceMs),
    send: (text) => {
      if (over || text === "") return;
      controller?.enqueue(encoder.encode(text));
      if (!hasRoom()) fullSinceMs ??= elapsedMs();
    },
    close: () => {
      if (over) return;
      over = true;
      wake();
      controller?.close();
    },
  };
}
