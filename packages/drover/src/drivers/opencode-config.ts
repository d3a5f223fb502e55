import type { Spec } from '../ports/driver.ts'
import type { Fields } from './json.ts'

/** Whether it may do everything. */
export const mayAll = ({ permission, readOnly }: Spec): boolean => permission === 'full' && !readOnly

const actions = ['allow', 'ask', 'deny']

/** A word for the permission that is no action of OpenCode's is the name of one of its agents: `plan`. */
export const agentOf = ({ permission }: Spec): string | null =>
  permission === 'full' || actions.includes(permission) ? null : permission

/** `provider/model`; the model's name may hold a slash itself. */
export function modelOf({ model }: Spec): { providerID: string; modelID: string } | null {
  const slash = model?.indexOf('/') ?? -1
  return model === null || slash < 1 ? null : { providerID: model.slice(0, slash), modelID: model.slice(slash + 1) }
}

/** What may be done, in OpenCode's order: the last that fits counts. A question would wait for a person who is not there: drover has a tool for those. */
function permissions(spec: Spec): [permission: string, action: string][] {
  const general: [string, string][] = mayAll(spec)
    ? [['*', 'allow']]
    : spec.readOnly
      ? [['edit', 'deny']]
      : actions.includes(spec.permission)
        ? [['*', spec.permission]]
        : []
  return [...general, ['drover_*', 'allow'], ['question', 'deny']]
}

/** What drover adds to the configuration: it holds for the agents that its agent starts, too. */
export function configFor(spec: Spec): Fields {
  const { tools } = spec
  return {
    permission: Object.fromEntries(permissions(spec)),
    ...(tools && {
      mcp: {
        drover: {
          type: 'local',
          command: [tools.command, ...tools.args],
          environment: tools.env,
          enabled: true,
          timeout: 600_000,
        },
      },
    }),
  }
}

/** The same for the session: these come after what stands in any file. */
export const rulesFor = (spec: Spec): Fields[] =>
  permissions(spec).map(([permission, action]) => ({ permission, pattern: '*', action }))
