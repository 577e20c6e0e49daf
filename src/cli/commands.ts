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
