import type { Command } from "./command.ts";
import { chat } from "./commands/chat.ts";
import { configCheck, configExplain, configSet } from "./commands/config.ts";
import { contextCheck } from "./commands/context/check.ts";
import { contextWhy } from "./commands/context/why.ts";
import { cost } from "./commands/cost.ts";
import { docsAdd } from "./commands/docs/add.ts";
import { docsList } from "./commands/docs/list.ts";
import { docsRemove } from "./commands/docs/rm.ts";
import { docsSearch } from "./commands/docs/search.ts";
import { doctor } from "./commands/doctor.ts";
import { egressLog, egressLogVerify } from "./commands/egress/log.ts";
import { egressPolicy } from "./commands/egress/policy.ts";
import { egressProve } from "./commands/egress/prove.ts";
import { egressStatement } from "./commands/egress/statement.ts";
import { egressWatch } from "./commands/egress/watch.ts";
import {
  gatewayRestart,
  gatewayRun,
  gatewayStart,
  gatewayStatus,
  gatewayStop,
} from "./commands/gateway.ts";
import { grantsList, grantsRemove } from "./commands/grants.ts";
import { health } from "./commands/health.ts";
import {
  modelsEngineInstall,
  modelsEngineRemove,
  modelsEngineStatus,
} from "./commands/models/engine.ts";
import { modelsAdd } from "./commands/models/add.ts";
import { modelsCopy } from "./commands/models/copy.ts";
import { modelsList } from "./commands/models/list.ts";
import { modelsFit } from "./commands/models/fit.ts";
import { modelsLoad } from "./commands/models/load.ts";
import { modelsProbe } from "./commands/models/probe.ts";
import { modelsPs } from "./commands/models/ps.ts";
import { modelsPull } from "./commands/models/pull.ts";
import { modelsRemove } from "./commands/models/rm.ts";
import { modelsShow } from "./commands/models/show.ts";
import { modelsUnload } from "./commands/models/unload.ts";
import {
  modelsServiceApprove,
  modelsServiceStatus,
  modelsServiceStop,
} from "./commands/models/service.ts";
import { modelsUse } from "./commands/models/use.ts";
import { sessionsList } from "./commands/sessions/list.ts";
import { sessionsRemove } from "./commands/sessions/rm.ts";
import { sessionsShow } from "./commands/sessions/show.ts";
import { modeCheck } from "./commands/mode-check.ts";
import { modeLink, modeSet, modeShow } from "./commands/mode.ts";
import { shareList, sharePair, shareRevoke } from "./commands/share/devices.ts";
import { shareStart, shareStatus, shareStop } from "./commands/share/share.ts";
import { offlineBundle } from "./commands/offline/bundle.ts";
import { offlineDiff } from "./commands/offline/diff.ts";
import { offlineDrill } from "./commands/offline/drill.ts";
import { offlinePlan } from "./commands/offline/plan.ts";
import { offlinePrepare } from "./commands/offline/prepare.ts";
import { offlineRestore } from "./commands/offline/restore.ts";
import { offlineStatus } from "./commands/offline/status.ts";
import { offlineVerify } from "./commands/offline/verify.ts";

export const commands: readonly Command[] = [
  chat,
  sessionsList,
  sessionsShow,
  sessionsRemove,
  gatewayRun,
  gatewayStart,
  gatewayStop,
  gatewayRestart,
  gatewayStatus,
  modelsList,
  modelsPs,
  modelsShow,
  modelsLoad,
  modelsUnload,
  modelsPull,
  modelsAdd,
  modelsCopy,
  modelsFit,
  modelsRemove,
  modelsProbe,
  modelsUse,
  modelsEngineInstall,
  modelsEngineStatus,
  modelsEngineRemove,
  modelsServiceStatus,
  modelsServiceApprove,
  modelsServiceStop,
  shareStart,
  shareStop,
  shareStatus,
  sharePair,
  shareList,
  shareRevoke,
  docsAdd,
  docsList,
  docsRemove,
  docsSearch,
  contextWhy,
  contextCheck,
  cost,
  modeShow,
  modeSet,
  egressPolicy,
  egressLog,
  egressLogVerify,
  egressWatch,
  egressProve,
  egressStatement,
  offlineStatus,
  offlinePlan,
  offlinePrepare,
  offlineBundle,
  offlineVerify,
  offlineDiff,
  offlineRestore,
  offlineDrill,
  grantsList,
  grantsRemove,
  modeCheck,
  modeLink,
  configCheck,
  configExplain,
  configSet,
  doctor,
  health,
];
