/**
 * Keys of OpenClaw that have no place here, by what is missing. Used only for keys that no setting knows:
 * once a room has a setting of that name, its row is out of use. Nothing here may restrict anything:
 * what does is in `translate-restrictions.ts`.
 */

const ROWS: readonly (readonly [paths: string, why: string])[] = [
  ["gateway.mode", "this gateway is always local"],
  ["gateway.controlUi", "the app needs no settings"],
  ["gateway.tailscale", "no mesh is set up by this version"],
  ["gateway.reload", "the file is watched as long as the gateway runs"],
  ["gateway.http", "`/v1` is always there, and always needs a key"],
  ["gateway.tls gateway.publicOrigin", "only this machine is let in"],
  ["gateway.remote", "no other gateway is ever asked"],
  ["gateway.nodes gateway.push gateway.terminal gateway.cliAgents", "there is no such thing here"],
  ["gateway.tools", "tools cannot be called over HTTP"],
  ["gateway.trustedProxies gateway.allowRealIpFallback", "no proxy is believed"],
  ["bridge", "there is no bridge port (18790) any more"],
  [
    "heartbeat agents.defaults.heartbeat agents.entries.*.heartbeat",
    "this version has no schedules",
  ],
  ["cron hooks", "this version has no schedules"],
  ["channels bindings broadcast", "this version has the app and the command line"],
  ["agents.defaults.groupChat agents.entries.*.groupChat", "there are no groups"],
  ["update", "nothing ever looks for updates"],
  ["telemetry", "there is none"],
  ["discovery", "nothing is announced on the network"],
  ["plugins skills acp", "there are none"],
  ["agents.defaults.skills agents.entries.*.skills agents.*.skillsLimits", "there are no skills"],
  ["agents.entries.*.skillsLimits", "there are no skills"],
  [
    "messages session commands ui talk tts browser desktop cloudWorkers nodeHost",
    "there is none here",
  ],
  ["meta wizard usageStats", "it is a note of another program to itself"],
  ["logging diagnostics", "the log is $ISOPOD_HOME/gateway.log"],
  ["memory memorySearch", "memories are searched here by their words, without a model"],
  ["secrets", 'write a secret as "${NAME}" or { file: "name" }'],
  ["attachments approvals", "there is nothing to set"],
  ["agents.ownership agents.entries.*.default", "who is not named is the default agent"],
  [
    "agents.defaults.systemAgent agents.entries.*.runtime agents.entries.*.agentDir",
    "agents run in this gateway",
  ],
  [
    "agents.entries.*.name agents.entries.*.identity agents.entries.*.tts",
    "an agent is called by its id",
  ],
  [
    "agents.entries.*.workspace agents.defaults.repoRoot",
    "all agents share agents.defaults.workspace",
  ],
  [
    `agents.defaults.imageModel agents.defaults.pdfModel agents.defaults.mediaModels agents.defaults.utilityModel
    agents.entries.*.utilityModel agents.defaults.imageGenerationModel agents.defaults.videoGenerationModel`,
    "the model that answers does this as well",
  ],
  [
    `agents.defaults.contextInjection agents.defaults.bootstrapMaxChars agents.defaults.bootstrapTotalMaxChars
    agents.defaults.skipBootstrap agents.defaults.skipOptionalBootstrapFiles agents.defaults.startupContext
    agents.defaults.contextLimits agents.defaults.compaction agents.defaults.contextPruning agents.defaults.userTimezone
    agents.entries.*.contextInjection agents.entries.*.bootstrapMaxChars agents.entries.*.bootstrapTotalMaxChars
    agents.entries.*.contextLimits agents.defaults.experimental agents.entries.*.experimental`,
    "the prompt is small for every model, and the conversation is fitted into its window",
  ],
  [
    `agents.defaults.thinkingDefault agents.defaults.reasoningDefault agents.entries.*.thinkingDefault
    agents.entries.*.reasoningDefault`,
    'give the model `params: { think: "low" }`',
  ],
  [
    `agents.defaults.timeoutSeconds`,
    "a turn ends by its steps, its tools' time and its tokens: maxSteps, maxToolSeconds, maxTurnTokens",
  ],
  [
    `agents.defaults.verboseDefault agents.defaults.fastModeDefault agents.defaults.toolProgressDetail
    agents.defaults.elevatedDefault agents.entries.*.fastModeDefault agents.defaults.mediaMaxMb agents.defaults.pdfMaxMb
    agents.defaults.pdfMaxPages agents.defaults.maxConcurrent agents.defaults.imageMaxDimensionPx
    agents.defaults.imageQuality agents.defaults.typingMode agents.defaults.typingIntervalSeconds
    agents.defaults.blockStreamingDefault agents.defaults.blockStreamingBreak agents.defaults.blockStreamingChunk
    agents.defaults.blockStreamingCoalesce agents.defaults.humanDelay agents.defaults.embeddedAgent`,
    "there is nothing to set",
  ],
  ["agents.defaults.subagents agents.entries.*.subagents", "an agent starts no others"],
  [
    "models.providers.*.agentRuntime agents.defaults.agentRuntime",
    "there is one way to run an agent",
  ],
  [
    "models.providers.*.region models.providers.*.organization",
    "put it into the address or the headers",
  ],
  ["mcp", "this version has no such tools"],
  [
    `tools.web.search.maxResults tools.web.search.timeoutSeconds tools.web.search.cacheTtlMinutes
    tools.web.search.rateLimit tools.web.fetch.maxChars tools.web.fetch.maxCharsCap tools.web.fetch.maxResponseBytes
    tools.web.fetch.timeoutSeconds tools.web.fetch.cacheTtlMinutes tools.web.fetch.maxRedirects
    tools.web.fetch.readability tools.web.fetch.userAgent`,
    "the limits of the web tools are fixed; docs/tools.md has them",
  ],
  [
    `tools.web.search.brave tools.web.search.perplexity tools.web.search.gemini tools.web.search.grok
    tools.web.search.kimi tools.web.search.openaiCodex tools.web.fetch.firecrawl tools.web.fetch.provider`,
    "searxng, brave and tavily are spoken, with `url` and `apiKey`; pages are read here",
  ],
];

/** Why a key is not used; undefined where it is simply unknown. Keys of maps stand as they are in `path`. */
export function whyElsewhere(path: string): string | undefined {
  return ROWS.find(([paths]) => paths.split(/\s+/).some((pattern) => matches(pattern, path)))?.[1];
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split(".");
  const found = path.split(".");
  return (
    wanted.length === found.length && wanted.every((key, i) => key === "*" || key === found[i])
  );
}
