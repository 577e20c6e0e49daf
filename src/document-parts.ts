/** Composes the local documents: part of the composition root, beside `app.ts`. */

import { join } from "node:path";

import { systemClock as clock } from "./base/clock.ts";
import { createDocuments } from "./documents/create-documents.ts";
import type { Documents } from "./documents/documents.ts";
import { createEmbedder } from "./documents/embedder.ts";
import { documentsSetting } from "./documents/settings.ts";
import type { Ground } from "./ground.ts";
import type { Models } from "./models/candidate.ts";

export function buildDocuments(ground: Ground, models: Models): Documents {
  const { options, config, store, programs, log, closing } = ground;
  const { embeddings: wanted } = config.get(documentsSetting);
  const documents = createDocuments({
    folders: store.documents,
    programs,
    database: join(options.home, "documents.db"),
    keepOut: [options.home],
    embedder: createEmbedder({ models, wanted, now: clock.now }),
    clock,
    log,
  });
  closing(() => documents.close());
  return documents;
}
