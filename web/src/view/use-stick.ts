import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Nearer to the end than this counts as being there: half a line short is nobody's decision. */
const NEAR_PX = 48;

export interface Stick {
  /** Whether the newest line is out of sight because the person went up. */
  readonly isLoose: Signal<boolean>;
  /** Back to the end, and stay there. */
  toEnd(): void;
}

/**
 * Keeps a scrolling element at its end while its content grows, and lets go at once when the person
 * scrolls up. Growth is never mistaken for scrolling: only a smaller `scrollTop` lets go.
 */
export function useStick(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  /** False while what is shown is read from its beginning. */
  isFollowed: boolean,
): Stick {
  const isLoose = useSignal(false);
  const lastTop = useRef(0);
  const followed = useRef(isFollowed);
  followed.current = isFollowed;

  const toEnd = () => {
    isLoose.value = false;
    const element = scroller.current;
    if (element) element.scrollTop = followed.current ? element.scrollHeight : 0;
  };

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !content.current) return undefined;
    const onScroll = () => {
      const restPx = element.scrollHeight - element.clientHeight - element.scrollTop;
      if (restPx < NEAR_PX) isLoose.value = false;
      else if (element.scrollTop < lastTop.current) isLoose.value = true;
      lastTop.current = element.scrollTop;
    };
    const grown = new ResizeObserver(() => {
      if (!isLoose.peek()) toEnd();
    });
    grown.observe(content.current);
    grown.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      grown.disconnect();
      element.removeEventListener("scroll", onScroll);
    };
  }, []);

  return { isLoose, toEnd };
}
