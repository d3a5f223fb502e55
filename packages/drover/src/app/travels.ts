import type { Settings } from '../domain/settings.ts'

/** Whether work travels by a remote: asked for, or because other machines must find it. */
export const travels = (settings: Pick<Settings, 'land.push' | 'database_url'>): boolean =>
  settings['land.push'] === 'on' ||
  (settings['land.push'] === 'auto' && /^postgres(?:ql)?:/.test(settings.database_url))
