import { useEffect, useState } from "preact/hooks";

import type { ShownImage } from "../../../src/protocol/event.ts";
import { type Attachment, toUrl } from "../state/attachments.ts";
import { texts } from "../texts.ts";
import { useApp } from "./context.ts";
import { Icon } from "./icon.tsx";

/** What is about to be sent, or on its way. */
export function Thumbnails(props: {
  images: readonly Attachment[];
  onRemove?: (at: number) => void;
}) {
  const { images, onRemove } = props;
  if (images.length === 0) return null;
  return (
    <ul class="images" aria-label={texts.images.label}>
      {images.map((image, at) => (
        <li key={`${at} ${image.name}`} class="thumbnail">
          <img src={toUrl(image)} alt={image.name} />
          {onRemove && (
            <button
              type="button"
              class="thumbnail-remove"
              aria-label={texts.images.remove(image.name)}
              onClick={() => onRemove(at)}
            >
              <Icon name="cross" />
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

/** The images of a stored message, fetched one by one once they are shown. */
export function StoredImages(props: { message: string; images: readonly ShownImage[] }) {
  return (
    <ul class="images" aria-label={texts.images.label}>
      {props.images.map((image, at) => (
        <li key={at} class="thumbnail">
          <StoredImage message={props.message} at={at} name={image.name} />
        </li>
      ))}
    </ul>
  );
}

/** By `fetch` and not by `src`: the gateway wants the device's proof, which only a request of ours carries. */
function StoredImage({ message, at, name }: { message: string; at: number; name: string }) {
  const { api, store } = useApp();
  const session = store.current.value;
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (session === null) return undefined;
    const gone = new AbortController();
    let made: string | undefined;
    api.image({ session, message, at }, gone.signal).then(
      (image) => {
        if (gone.signal.aborted) return;
        made = URL.createObjectURL(image);
        setUrl(made);
      },
      () => undefined, // its name stays, and a reload tries again
    );
    return () => {
      gone.abort();
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [session, message, at]);
  return url === null ? <span class="thumbnail-name">{name}</span> : <img src={url} alt={name} />;
}
