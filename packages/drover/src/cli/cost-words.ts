import type { Usage } from '../domain/task.ts'

export const tokensOf = ({ inputTokens, outputTokens }: Usage): number => inputTokens + outputTokens

/** An agent that told of tokens and of no money has a price that nobody knows. */
export const isUnpriced = (usage: Usage): boolean => usage.costUsd === 0 && tokensOf(usage) > 0

/** As programs see it: `costUsd` is null where the price is not known. */
export const usageJson = (usage: Usage, isUnknown = isUnpriced(usage)) => ({
  ...usage,
  costUsd: isUnknown && usage.costUsd === 0 ? null : Math.round(usage.costUsd * 1e6) / 1e6,
})

/** Money, and whether there is more that nobody told of. Silence is never shown as nothing. */
export function moneyWords(usage: Usage, hasUnknown = isUnpriced(usage)): string {
  if (usage.costUsd === 0) return hasUnknown ? 'unknown' : '0.00 USD'
  return `${usd(usage.costUsd)}${hasUnknown ? ' and unknown' : ''}`
}

export const usd = (money: number): string => `${money < 0.01 && money > 0 ? money.toFixed(4) : money.toFixed(2)} USD`

/** `12,345 tokens, 1.20 USD`; nothing where nothing was used. */
export const spentWords = (usage: Usage): string =>
  tokensOf(usage) === 0 && usage.costUsd === 0
    ? ''
    : `${grouped(tokensOf(usage))} tokens, ${isUnpriced(usage) ? 'cost unknown' : usd(usage.costUsd)}`

export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',')
