import { useEffect } from "preact/hooks";

import { texts } from "../texts.ts";
import { Banners, Demonstration } from "./banners.tsx";
import { Composer } from "./composer.tsx";
import { useApp } from "./context.ts";
import { Dialog } from "./dialog.tsx";
import { PairPage } from "./pair-page.tsx";
import { SessionList, titleOf } from "./session-list.tsx";
import { StatusPanel } from "./status-panel.tsx";
import { Thread } from "./thread.tsx";
import { TopBar } from "./top-bar.tsx";

export function Page() {
  const { pairing } = useApp();
  const state = pairing.state.value;
  return state.state === "paired" ? <Chat /> : <PairPage wasPaired={state.wasPaired} />;
}

function Chat() {
  const { store, topic, isListOpen, external } = useApp();
  const status = store.status.value;
  useTitle();
  return (
    <div class="shell">
      <SessionList />
      <main class="main" inert={isListOpen.value}>
        <TopBar />
        <Banners />
        <Thread />
        <div class="dock">
          {status?.model?.demonstration && <Demonstration />}
          <Composer />
        </div>
      </main>
      {topic.value && status && <StatusPanel topic={topic.value} status={status} />}
      {external.value !== null && <ExternalLink address={external.value} />}
    </div>
  );
}

/** The address whole, before a click on it lets anybody know it. */
function ExternalLink({ address }: { address: string }) {
  const { external, copy } = useApp();
  const close = () => (external.value = null);
  return (
    <Dialog title={texts.external.title} onClose={close}>
      <p>{texts.external.text}</p>
      <pre class="address" tabIndex={0}>
        {address}
      </pre>
      <div class="dialog-acts">
        <button type="button" class="button" onClick={() => void copy(address).then(close)}>
          {texts.external.copy}
        </button>
        <a
          class="button primary"
          href={address}
          target="_blank"
          rel="noopener noreferrer nofollow"
          onClick={close}
        >
          {texts.external.open}
        </a>
      </div>
    </Dialog>
  );
}

function useTitle(): void {
  const { session } = useApp().store;
  const title = session.value ? `${titleOf(session.value)} · ${texts.name}` : texts.name;
  useEffect(() => {
    document.title = title;
  }, [title]);
}
