/**
 * What every git of ours is told, whatever the configuration says: nothing that an agent can write may make it run a program.
 * Filters, merge and diff drivers have free names and are pinned one by one (drivers.ts).
 */
export const hardened: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.sshCommand': 'false',
  'core.gitProxy': '',
  'core.askPass': '',
  'core.editor': 'false',
  'core.pager': 'cat',
  'core.alternateRefsCommand': '',
  'core.quotePath': 'false',
  'diff.external': '',
  'diff.ignoreSubmodules': 'all',
  'status.submoduleSummary': 'false',
  'submodule.recurse': 'false',
  'log.showSignature': 'false',
  'commit.gpgSign': 'false',
  'tag.gpgSign': 'false',
  'gpg.program': 'false',
  'gpg.ssh.program': 'false',
  'gpg.x509.program': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'protocol.allow': 'never',
  'credential.helper': '',
  'advice.graftFileDeprecated': 'false',
  'advice.addEmbeddedRepo': 'false',
  // A lock that the user's git holds for a moment is waited for.
  'core.filesRefLockTimeout': '5000',
  'core.packedRefsTimeout': '5000',
}

/** In worktrees of ours: nothing may hide a change from `add`, or a stale file from `checkout`. */
export const hardenedInOurs: Readonly<Record<string, string>> = {
  'core.sparseCheckout': 'false',
  'core.ignoreStat': 'false',
  'core.trustctime': 'true',
  'core.checkStat': 'default',
  'core.splitIndex': 'false',
  'core.untrackedCache': 'false',
  'index.sparse': 'false',
  'index.version': '2',
}

/** What of this is left to the person where git speaks to a remote. Whether somebody else has set it up is asked before (drivers.ts). */
const reaching = new Set(['core.sshCommand', 'core.gitProxy', 'credential.helper', 'protocol.allow'])

export const hardenedTowardsRemote: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(hardened).filter(([key]) => !reaching.has(key))),
  'push.followTags': 'false',
  'push.gpgSign': 'false',
  'push.recurseSubmodules': 'no',
  'push.useForceIfIncludes': 'false',
  'fetch.prune': 'false',
  'fetch.recurseSubmodules': 'false',
  'fetch.writeCommitGraph': 'false',
}

const fixed: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: 'false',
  SSH_ASKPASS: 'false',
  GIT_EDITOR: 'false',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_GRAFT_FILE: '/dev/null',
  GIT_NO_LAZY_FETCH: '1',
  // Empty allows no transport at all, also none that `protocol.ext.allow` would: a promisor remote is a program to run.
  GIT_ALLOW_PROTOCOL: '',
}

/** The given environment without anything that steers git. */
export function cleanEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('GIT_') && !name.startsWith('DROVER_'))
  return { ...Object.fromEntries(kept), ...fixed }
}

const theirWays = [
  'GIT_SSH',
  'GIT_SSH_COMMAND',
  'GIT_SSH_VARIANT',
  'GIT_PROXY_SSL_CAINFO',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
]

/** What a git that speaks to a remote sees beside that: how the person reaches it, and the transports that are no program of anybody's. */
export const towardsRemote = (env: Readonly<Record<string, string>>): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(env).filter(([name]) => theirWays.includes(name))),
  GIT_ALLOW_PROTOCOL: 'file:git:http:https:ssh',
})

/** Configuration that outranks every file, also for the git processes that git itself starts. */
export function configInEnvironment(pins: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = {}
  const entries = Object.entries(pins)
  for (const [n, [key, value]] of entries.entries()) {
    env[`GIT_CONFIG_KEY_${n}`] = key
    env[`GIT_CONFIG_VALUE_${n}`] = value
  }
  return { ...env, GIT_CONFIG_COUNT: String(entries.length) }
}
