import type { Settings } from '../domain/settings.ts'
import type { Judge } from '../ports/judge.ts'
import { chain } from './chain.ts'
import { type CommandJudging, commandJudge } from './command.ts'
import { exitCode } from './exit-code.ts'
import { jsonResult } from './json-result.ts'
import { markerFile } from './marker-file.ts'
import { reported } from './reported.ts'

const judges: Record<Exclude<Settings['judge'], 'command'>, Judge> = {
  chain: chain([reported, markerFile, jsonResult, exitCode]),
  reported,
  'marker-file': markerFile,
  'json-result': jsonResult,
  'exit-code': exitCode,
}

/** The judge of this name; nothing when there is none. */
export function openJudge(name: string, asking: CommandJudging): Judge | undefined {
  if (name === 'command') return commandJudge(asking)
  return Object.hasOwn(judges, name) ? judges[name as keyof typeof judges] : undefined
}
