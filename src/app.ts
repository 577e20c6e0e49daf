/**
 * The composition root: with `ground.ts`, the only file that builds parts. A gateway is built from the
 * ground up, room by room; what a room needs from above is handed in here.
 */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAgent } from "./agent/create-agent.ts";
import { createContextReport } from "./agent/prefix/context-report.ts";
import { agentSettings } from "./agent/settings.ts";
import { createAuthChecks } from "./auth/checks.ts";
import { createAuth } from "./auth/create-auth.ts";
import { createWebAuth, type WebAuth } from "./auth/web-auth.ts";
import { systemClock as clock } from "./base/clock.ts";
import { Fault } from "./base/fault.ts";
import { createChannels } from "./channels/channels.ts";
import { createFeed } from "./channels/feed.ts";
import { createHub } from "./channels/hub.ts";
import { createInbox } from "./channels/inbox.ts";
import type { OpenGateway } from "./cli/host.ts";
import { buildDocuments } from "./document-parts.ts";
import { createConfigChecks, toFault } from "./config/checks.ts";
import { loadConfig } from "./config/load.ts";
import { configRoutes } from "./config/routes.ts";
import { type ConfigWatch, watchConfig } from "./config/watch.ts";
import type { Documents } from "./documents/documents.ts";
import { runChecks } from "./doctor/doctor.ts";
import { buildEgressPolicy } from "./egress-parts.ts";
import { gatewayChecks, parseBind } from "./gateway/checks.ts";
import { createMetrics } from "./gateway/metrics.ts";
import { gatewayRoutes } from "./gateway/routes.ts";
import { createGateway, type Gateway } from "./gateway/server.ts";
import { gatewaySettings } from "./gateway/settings.ts";
import { createSite, type Site } from "./gateway/site.ts";
import { type Ground, workspacePlace } from "./ground.ts";
import { buildAdviceChecks, buildFit } from "./model-keeping.ts";
import type { Models } from "./models/candidate.ts";
import { createModelChecks } from "./models/checks.ts";
import { createScorecards, type Scorecards } from "./models/probe/cards.ts";
import { modelsSetting } from "./models/settings.ts";
import { watchedBy } from "./models/watch.ts";
import { createWindowChecks } from "./models/window/checks.ts";
import { slotAdvice } from "./models/window/slot-advice.ts";
import { createNetworkChecks } from "./network/checks.ts";
import { tellModel } from "./network/link.ts";
import { createLinkChecks } from "./network/link-checks.ts";
import { createListeners } from "./network/listen.ts";
import { createPortOwner } from "./network/owner.ts";
import { announceReach, reachDeps, reachStatus } from "./reach.ts";
import { buildProbing, toolsProvedIn } from "./probing.ts";
import type { Check } from "./protocol/check.ts";
import type { Status } from "./protocol/event.ts";
import { createSandboxChecks } from "./sandbox/checks.ts";
import { sandboxSetting } from "./sandbox/settings.ts";
import { settings as allSettings } from "./settings.ts";
import { buildPrivateWorkspaces, privateFolder } from "./private-workspaces.ts";
import { buildServices } from "./services.ts";
import { buildSharing, type Sharing } from "./sharing.ts";
import { createStoreChecks } from "./store/checks.ts";
import { createWorkspaceChecks } from "./tools/checks.ts";
import { createTools } from "./tools/tools.ts";
import { buildEngine, type Engine } from "./model-engine.ts";
import { buildCost, buildModels, type Cost } from "./model-parts.ts";
import { buildWebTools } from "./web-tools.ts";

const root = join(import.meta.dirname, "..");

/** Throws the fault that keeps it from starting; the ground is closed then, and whenever this is. */
export async function openApp(ground: Ground): Promise<OpenGateway> {
  try {
    return { ...(await build(ground)), close: ground.close };
  } catch (error) {
    await ground.close();
    throw error;
  }
}

async function build(ground: Ground): Promise<Omit<OpenGateway, "close">> {
  const { options, closing, sandbox } = ground;
  const cost = await buildCost(ground);
  const cards = await createScorecards(ground.store.scorecards, ground.log);
  const services = buildServices(ground);
  const sharing = await buildSharing(ground);
  const { windows } = cost;
  const watch = watchedBy([cost.books, windows]);
  const { gguf, engine } = buildEngine(ground);
  const models = await buildModels(ground, { watch, windows, cards, services, gguf });
  cost.late.models = models;
  // Beside the rest of the start. What keeps a model from answering is told with the status.
  const discovered = currentModel(models).catch(() => null);
  const documents = buildDocuments(ground, models);
  const talk = buildTalk(ground, models, { ...cost, documents });
  const address: Address = { url: "http://127.0.0.1", port: 0, listening: [] };
  const auth = createWebAuth(
    await createAuth({ records: ground.store.auth, clock, ...keys(ground) }),
    () => new URL(address.url),
  );
  const { promise: stopRequested, resolve: requestStop } = Promise.withResolvers<void>();
  const configWatch = buildConfigWatch(ground);
  const status = () => readStatus(ground, models, configWatch);
  const gateway = buildGateway(ground, {
    sharing,
    engine,
    models,
    services,
    cards,
    cost,
    ...talk,
    auth,
    address,
    configWatch,
    status,
    requestStop,
  });

  await talk.agent.resume();
  await talk.app.start(talk.inbox);
  if (options.listen) Object.assign(address, await listen(ground, gateway));
  await sharing.resume();
  closing(() => talk.app.stop());
  await Promise.all([sandbox.found, discovered]);
  const pairing = await auth.createPairingCode(auth.gateway);
  return {
    send: sendTo(gateway),
    key: readFileSync(auth.adminKeyFile, "utf8").trim(),
    stopRequested,
    ready: { url: address.url, pairing, status: await status(), log: ground.logFile },
  };
}

/** What people talk to: the agent, and the channels that reach it. */
function buildTalk(
  ground: Ground,
  models: Models,
  { books, windows, documents }: Cost & { documents: Documents },
) {
  const { closing, config, store, log, workspace, sandbox } = ground;
  const { sessions, turns } = store;
  const privateWorkspaces = buildPrivateWorkspaces(ground);
  const hub = createHub();
  const feed = createFeed({
    hub,
    sessions,
    isBusy: (session) => agent.isBusy(session),
    onFailure: (error) => log.error({ err: error }, "an event was lost"),
  });
  const agent = createAgent({
    store,
    router: models,
    tools: createTools({ sandbox: config.get(sandboxSetting), web: buildWebTools(ground) }),
    workspace,
    privateWorkspace: privateWorkspaces.of,
    documents,
    sandbox: sandbox.now,
    mode: () => ground.mode.mode,
    link: () => tellModel(ground.link.reach()),
    settings: config.get(agentSettings),
    costOf: books.costOf,
    onCut: windows.learnCut,
    clock,
    log,
    ...feed,
  });
  closing(() => agent.close());
  const inbox = createInbox({ agent, sessions, hub });
  const checkModel = async (wanted: { picked: string; private: boolean }, signal: AbortSignal) =>
    void (await models.route(wanted, signal));
  const { app } = createChannels({
    agent,
    sessions,
    turns,
    hub,
    clock,
    checkModel,
    onDelete: privateWorkspaces.forget,
  });
  return { hub, agent, inbox, app, documents };
}

type Door = ReturnType<typeof buildTalk> & {
  sharing: Sharing;
  services: ReturnType<typeof buildServices>;
  engine: Engine["engine"];
  models: Models;
  cards: Scorecards;
  cost: Cost;
  auth: WebAuth;
  address: Address;
  configWatch: ConfigWatch;
  status: () => Promise<Status>;
  requestStop: () => void;
};

function buildGateway(ground: Ground, door: Door): Gateway {
  const { config, store, log, ledger, options } = ground;
  const { models, hub, agent, inbox, app, auth, status, requestStop } = door;
  const { hosts, origins } = config.get(gatewaySettings);
  const site = createSite(join(root, "web/dist"));
  const metrics = createMetrics();
  announceReach(ground, { hub, status, watchers: app.openStreams });
  const checks = buildChecks(ground, door, site);
  const routes = gatewayRoutes({
    auth,
    agent,
    inbox,
    hub,
    sessions: store.sessions,
    responses: store.responses,
    router: models,
    metrics,
    clock,
    log,
    agents: Object.keys(config.get(agentSettings).entries),
    startedAt: clock.now(),
    version: options.version,
    openStreams: app.openStreams,
    unready: async () => ((await currentModel(models)) ? [] : ["no model answers"]),
    status,
    models: models.list,
    queues: models.queues,
    services: door.services,
    engine: door.engine,
    documents: door.documents,
    keeping: models.keeping,
    probing: buildProbing(ground, models, door.cards),
    fit: buildFit(ground, models, toolsProvedIn(door.cards)),
    useModel: async (ref, signal) => void (await models.use(ref, signal)),
    ...reachDeps(ground),
    ledger: (limit) => ledger.tail(limit),
    egressPolicy: buildEgressPolicy(ground),
    cost: door.cost.report,
    readContext: createContextReport({
      sessions: store.sessions,
      slotAdvice: async (ref) => slotAdvice(ref, config.get(modelsSetting)),
    }),
    checkWindow: async (picked, signal) => {
      const [candidate] = await models.route({ picked }, signal);
      if (!candidate) throw new Fault("MODEL_NONE", { why: "the route is empty" });
      return door.cost.windows.check(candidate, signal);
    },
    runChecks: (fix, signal) => runChecks(checks, { fix }, signal),
    requestStop,
  });
  const gate = { hosts, origins };
  return createGateway({
    auth,
    site,
    metrics,
    clock,
    log,
    gate,
    routes: [
      ...app.routes,
      ...routes,
      ...door.sharing.routes,
      ...configRoutes({ config, file: ground.configFile, watch: door.configWatch }),
    ],
  });
}

/** A changed file is told in the log and with the status; it holds from the next start. */
function buildConfigWatch({
  options: { home, env },
  config,
  configFile: file,
  log,
  closing,
}: Ground) {
  const watch: ConfigWatch = watchConfig({
    file,
    inForce: config,
    load: () => loadConfig({ home, env, settings: allSettings }).config,
    settings: allSettings,
    clock,
    onChange: (state) => log.info({ ...state, file }, "the config file has changed"),
  });
  closing(() => watch.close());
  return watch;
}

function buildChecks(
  ground: Ground,
  { models, address, configWatch, cost, sharing }: Door,
  site: Site,
): Check[] {
  const { config, options, sandbox } = ground;
  return [
    ...createConfigChecks({ watch: configWatch, file: ground.configFile }),
    ...createStoreChecks(options.home),
    ...createAuthChecks(keys(ground)),
    ...createNetworkChecks(ground),
    ...createLinkChecks(ground),
    ...createWindowChecks(cost.windows),
    ...createModelChecks({
      models,
      settings: config.get(modelsSetting),
      chain: config.get(agentSettings).defaults.model,
    }),
    ...buildAdviceChecks(ground, models),
    ...sharing.checks,
    ...createSandboxChecks({ choose: sandbox.look }),
    ...createWorkspaceChecks(workspacePlace(ground)),
    ...gatewayChecks({
      settings: config.get(gatewaySettings),
      whoListens: (port, signal) => whoListens(port, address.port, signal),
      listening: () => address.listening,
      siteBuilt: () => site.built,
    }),
  ];
}

const keys = ({ config, options }: Ground) => ({
  homeFolder: options.home,
  environmentToken: config.get(gatewaySettings).token,
});

/** A server that is asleep must hold up neither a start nor a health check. */
const READY_MS = 2_000;

/** Null where no model answers, or none in time. */
async function currentModel(models: Models) {
  const signal = AbortSignal.timeout(READY_MS);
  try {
    return await models.current(signal);
  } catch (error) {
    if (signal.aborted) return null; // it says so when it is asked to chat
    throw error;
  }
}

type Address = { url: string; port: number; listening: readonly string[] };

async function listen(ground: Ground, gateway: Gateway): Promise<Address> {
  const { config, doors, ledger, log, closing } = ground;
  const { home } = ground.options;
  const listeners = createListeners({ doors, ledger, log });
  const fetch = gateway.answer;
  const socket = join(home, "gateway.sock");
  const note = join(home, "gateway.json");
  // What a killed gateway left must be gone before the socket answers, or it would be taken for ours.
  rmSync(note, { force: true });
  const unix = await listeners.serveUnix({ path: socket, fetch });
  closing(() => unix.close());
  const { port } = config.get(gatewaySettings);
  const tcp =
    parseBind(config.get(gatewaySettings)) === "unix"
      ? undefined
      : await listeners.serveTcp({ host: "127.0.0.1", port, fetch });
  if (tcp) closing(() => tcp.close());
  const url = tcp?.url ?? unix.url;
  const running = { pid: process.pid, url, socket, startedAt: clock.now() };
  writeFileSync(note, JSON.stringify(running), { mode: 0o600 });
  closing(() => rmSync(note, { force: true }));
  return { url, port: tcp?.port ?? 0, listening: tcp ? [new URL(url).host, socket] : [socket] };
}

async function whoListens(port: number, own: number, signal: AbortSignal) {
  if (port === own) return "us";
  return (await createPortOwner()(port, signal)) ? "stranger" : "nobody";
}

async function readStatus(
  { options, config, configFile, mode, link, sandbox, workspace }: Ground,
  models: Models,
  configWatch: ConfigWatch,
): Promise<Status> {
  const pending = toFault(configWatch, configFile);
  const model = await currentModel(models);
  const choice = sandbox.now();
  return {
    version: options.version,
    ...reachStatus(link, mode),
    model,
    sandbox: choice.ok
      ? { ok: true, name: choice.sandbox.name }
      : { ok: false, name: "none", reason: `${choice.reason}. ${choice.fix}` },
    workspace: workspace.root,
    privateWorkspaces: privateFolder({ options }),
    notes: [
      ...(pending ? [{ code: pending.code, text: `${pending.message}. ${pending.fix}` }] : []),
      ...config.report.notes.map(({ path, message }) => ({
        code: "config",
        text: `${path}: ${message}`,
      })),
      ...models.notes(),
    ],
  };
}

const sendTo =
  (gateway: Gateway): OpenGateway["send"] =>
  async ({ method, path, headers, body, signal }) => {
    const init = { method, headers, signal, ...(body === undefined ? {} : { body }) };
    const response = await gateway.answer(new Request(`http://localhost${path}`, init), "process");
    return { status: response.status, body: response.body ?? (async function* () {})() };
  };
