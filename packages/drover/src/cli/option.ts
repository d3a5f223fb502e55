export interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: true
  readonly default?: string
  /** What stands for the value in help. */
  readonly arg?: string
  readonly about: string
}

export type Options = Readonly<Record<string, Option>>
type ValueOf<O extends Option> = O extends { type: 'boolean' }
  ? boolean
  : O extends { multiple: true }
    ? string[]
    : string
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends { default: string } ? string : ValueOf<O[K]> | undefined
}

export type AnyValues = Readonly<Record<string, string | boolean | string[] | undefined>>
