/** What a value must look like; says where it does not, or nothing. */
export type Shape = (value: unknown, path: string) => string | undefined

const wrong = (path: string, expected: string): string => `${path} must be ${expected}`
const when =
  (is: (value: unknown) => boolean, expected: string): Shape =>
  (value, path) =>
    is(value) ? undefined : wrong(path, expected)

const longest = 10 * 1024 * 1024

export const text = when((value) => typeof value === 'string' && value.length <= longest, 'a text')
export const flag = when((value) => typeof value === 'boolean', 'true or false')
export const count = when((value) => Number.isSafeInteger(value) && (value as number) >= 0, 'a whole number')
export const amount = when((value) => typeof value === 'number' && Number.isFinite(value), 'a number')
/** What may become an argument of git, and nothing else of it. */
export const commit = when(
  (value) => typeof value === 'string' && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value),
  'a commit',
)
/** The name of a session is given to agents' programs as an argument. */
export const name = when((value) => typeof value === 'string' && /^(?!-)[\w.:@/+-]{0,200}$/.test(value), 'a name')

/** The shape of ids that may stand in refs and folder names; as `checkId` has it. */
export const id = when(
  (value) =>
    typeof value === 'string' &&
    /^[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9])){0,99}$/.test(value) &&
    !value.endsWith('.lock'),
  'an id',
)

export const oneOf = (words: readonly string[]): Shape =>
  when((value) => words.includes(value as string), words.join(' or '))

export const nullOr =
  (shape: Shape): Shape =>
  (value, path) =>
    value === null ? undefined : shape(value, path)

export const maybe =
  (shape: Shape): Shape =>
  (value, path) =>
    value === undefined ? undefined : shape(value, path)

export const list =
  (shape: Shape): Shape =>
  (value, path) => {
    if (!Array.isArray(value)) return wrong(path, 'a list')
    for (const [i, one] of value.entries()) {
      const problem = shape(one, `${path}[${i}]`)
      if (problem) return problem
    }
    return undefined
  }

/** Fields that are not named are let through: a later version may write more. */
export const fields =
  (shapes: Readonly<Record<string, Shape>>): Shape =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(path, 'an object')
    for (const [key, shape] of Object.entries(shapes)) {
      const problem = shape((value as Record<string, unknown>)[key], path === '' ? key : `${path}.${key}`)
      if (problem) return problem
    }
    return undefined
  }
