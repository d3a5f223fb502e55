/** Everything that is chosen by chance comes from one stream, so that a seed gives it again. */
export type Dice = ReturnType<typeof openDice>

export function openDice(random: () => number) {
  const below = (n: number): number => Math.floor(random() * n)
  return {
    random,
    below,
    one: <T>(from: readonly T[]): T => from[below(from.length)]!,
    often: (part: number): boolean => random() < part,
  }
}

export function shuffled<T>(dice: Dice, from: readonly T[]): T[] {
  const left = [...from]
  return from.map(() => left.splice(dice.below(left.length), 1)[0]!)
}
