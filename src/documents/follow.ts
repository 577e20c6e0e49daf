/** Work that tells how it gets on, as a series of events; of what comes faster than it is read the newest counts. */
export async function* follow<P, D>(
  work: (tell: (progress: P) => void) => Promise<D>,
): AsyncGenerator<P | D> {
  let latest: { progress: P } | undefined;
  let wake = Promise.withResolvers<void>();
  const result = work((progress) => {
    latest = { progress };
    wake.resolve();
  }).then((done) => ({ done }));
  for (;;) {
    const ended = await Promise.race([result, wake.promise]);
    const told = latest;
    latest = undefined;
    wake = Promise.withResolvers<void>();
    if (told) yield told.progress;
    if (!ended) continue;
    yield ended.done;
    return;
  }
}
