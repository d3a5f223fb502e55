import { EventEmitter, once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Refusal } from './conversation.ts'
import type { Decision } from './decide.ts'
import type { DialectName } from './log.ts'
import type { Modifier } from './program.ts'

export interface Control {
  /** Every request meets the plan's usage limit until then; null lifts it. */
  limitUntil?: number | null
  /** Only this provider's. */
  for?: DialectName
  /** Lets go of what waits with `[[wait GATE]]`, now and later. */
  open?: string
}

export type Hindrance = (Refusal & { retryAfter?: string | null }) | { kind: 'hang' } | { kind: 'drop' }

/** What comes between a request and its answer. */
export class Hindrances {
  private readonly limits = new Map<DialectName | undefined, number | null>()
  private readonly gates = new EventEmitter().setMaxListeners(0)
  private readonly opened = new Set<string>()
  /** How often something happened, or when it began, by the words of the program that says so. */
  private readonly met = new Map<string, number>()

  control(change: Control): void {
    if (change.limitUntil !== undefined) this.limits.set(change.for, change.limitUntil)
    if (change.open === undefined) return
    this.opened.add(change.open)
    this.gates.emit(change.open)
  }

  /** Waits as the program says, and tells what is to happen in place of the answer, if anything. */
  async meet(dialect: DialectName, decision: Decision, gone: AbortSignal): Promise<Hindrance | undefined> {
    const limited = this.limitOf(dialect)
    if (limited) return limited
    for (const [place, modifier] of (decision.part?.modifiers ?? []).entries()) {
      const hindrance = await this.meetOne(modifier, `${decision.program!.key} ${decision.step} ${place}`, gone)
      if (hindrance) return hindrance
    }
    return this.limitOf(dialect)
  }

  private limitOf(dialect: DialectName): Hindrance | undefined {
    const until = Math.max(this.limits.get(dialect) ?? 0, this.limits.get(undefined) ?? 0)
    return until > Date.now() ? { kind: 'limit', until } : undefined
  }

  private async meetOne(modifier: Modifier, key: string, gone: AbortSignal): Promise<Hindrance | undefined> {
    if (modifier.kind === 'wait') await this.atGate(modifier.gate, gone)
    if (modifier.kind === 'sleep') await wait(modifier.ms, undefined, { signal: gone }).catch(() => undefined)
    if (modifier.kind === 'limit') {
      const until = (this.met.get(key) ?? Date.now()) + (this.met.has(key) ? 0 : modifier.resetMs)
      this.met.set(key, until)
      return until > Date.now() ? { kind: 'limit', until } : undefined
    }
    if (!('times' in modifier)) return undefined
    const before = this.met.get(key) ?? 0
    this.met.set(key, before + 1)
    return before < modifier.times ? modifier : undefined
  }

  /** Until the gate is open, or nobody waits for the answer any more. */
  private async atGate(gate: string, gone: AbortSignal): Promise<void> {
    if (!this.opened.has(gate)) await once(this.gates, gate, { signal: gone }).catch(() => undefined)
  }
}
